/** What a client reads about a job that no worker could bring to an end. */
export const INTERNAL_ERROR_TEXT =
  'The server failed to run this job. It is not the fault of the program; submit it again.';
