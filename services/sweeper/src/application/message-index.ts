/** What an embedded queue can tell and one elsewhere cannot. */
export interface MessageIndex {
  /** Ids of all jobs that have a message, in flight or dead ones included. */
  jobsWithMessage(): Promise<ReadonlySet<string>>;
}
