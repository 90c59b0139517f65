import { jobStoreContract } from '../../testing/index.ts';
import { useTable } from './testing/table.ts';

jobStoreContract('DynamoDB', async () => {
  const table = await useTable();
  return {
    store: table.store(),
    forgetting: { setNowMs: table.setNowMs },
    dispose: () => table.dispose(),
  };
});
