import { InProcessJobEvents, publishingJobStore, systemClock } from '@runyard/shared/adapters/in-process';
import { type DataDirectory, FilesystemArtifactStore } from '@runyard/shared/adapters/filesystem';
import { SqliteArtifactStore, SqliteDatabase, SqliteJobQueue, SqliteJobStore } from '@runyard/shared/adapters/sqlite';
import { AppError, StartupError } from '@runyard/shared/errors';
import type { ArtifactStore, Clock, JobEvents, JobStore } from '@runyard/shared/ports';

export interface EmbeddedBackend {
  readonly store: JobStore;
  readonly queue: SqliteJobQueue;
  readonly artifacts: ArtifactStore;
  readonly events: JobEvents;
  readonly clock: Clock;
  readonly secret: Uint8Array;
  /** Lets another server have the data folder. Nothing may use the backend any more. */
  close(): void;
}

/**
 * Opens what is in the data folder, whose lock this process has, and closes the folder with it. Whoever held leases and messages
 * before is dead, since its lock is gone, so both are void. Throws StartupError.
 */
export async function openBackend(directory: DataDirectory, publicBaseUrl: () => string): Promise<EmbeddedBackend> {
  try {
    const database = SqliteDatabase.open(directory.databasePath);
    const clock = systemClock;
    const store = new SqliteJobStore(database);
    const queue = new SqliteJobQueue(database, { clock });
    await store.voidLeases(clock.nowMs());
    await queue.makeAllVisible();
    const events = new InProcessJobEvents();
    const { artifactsPath, secret } = directory;
    const files = new FilesystemArtifactStore({ directory: artifactsPath, secret, publicBaseUrl, clock });
    return {
      store: publishingJobStore(store, events),
      queue,
      artifacts: new SqliteArtifactStore(database, files),
      events,
      clock,
      secret,
      close() {
        database.close();
        directory.close();
      },
    };
  } catch (error) {
    directory.close();
    // A database that opens and then fails is damaged inside.
    if (error instanceof AppError) throw unreadable(directory.databasePath, error);
    throw error;
  }
}

function unreadable(databasePath: string, error: AppError): StartupError {
  const cause = error.cause instanceof Error ? error.cause.message : error.message;
  return new StartupError(
    `The database ${databasePath} cannot be used: ${cause}.\nRestore a backup of the data folder, or move the file away to start without the jobs in it.`,
    { cause: error },
  );
}
