/**
 * Waits for the work, but no longer than the budget; the work goes on. Throws what the work throws in time; what it throws later
 * is told to `onLateError`.
 */
export async function withinBudget(
  work: Promise<void>,
  budgetMs: number,
  { onLateError }: { readonly onLateError: (error: unknown) => void },
): Promise<void> {
  const late = Promise.withResolvers<void>();
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    late.resolve();
  }, budgetMs);
  const guarded = work.catch((error: unknown) => {
    if (!isLate) throw error;
    onLateError(error);
  });
  try {
    await Promise.race([guarded, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
