import { artifactStoreContract, ManualClock, TemporaryFolder } from '../../testing/index.ts';
import { FilesystemArtifactStore, followArtifactLink } from '../filesystem/index.ts';
import { SqliteArtifactStore, SqliteDatabase } from './index.ts';

const SECRET = Buffer.alloc(32, 7);
const publicBaseUrl = () => 'http://127.0.0.1:8080';

artifactStoreContract('SQLite and folder', async () => {
  const folder = new TemporaryFolder();
  const clock = new ManualClock();
  const database = SqliteDatabase.open(folder.join('jobs.db'));
  const files = new FilesystemArtifactStore({
    directory: folder.join('artifacts'),
    secret: SECRET,
    publicBaseUrl,
    clock,
  });
  const store = new SqliteArtifactStore(database, files);
  return {
    store,
    linkLifeMs: 60_000,
    follow: (url, afterMs) => followArtifactLink(store, SECRET, url, clock.nowMs() + afterMs),
    async dispose() {
      database.close();
      folder[Symbol.dispose]();
    },
  };
});
