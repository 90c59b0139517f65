#!/bin/sh
# Creates the table, the queues and the bucket; may run again at any time.
set -eu
export AWS_ENDPOINT_URL=http://127.0.0.1:4566
export AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
exec /opt/runyard/bin/node /opt/runyard/app/shared/src/adapters/aws/bootstrap-main.ts
