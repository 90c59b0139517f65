/**
 * A receipt names one delivery: the message and how often it had been received. The next delivery raises the count, so the older
 * receipt no longer matches any row; nothing has to be stored for it.
 */
export interface Receipt {
  readonly id: number;
  readonly receiveCount: number;
}

export function formatReceipt(receipt: Receipt): string {
  return `${receipt.id}.${receipt.receiveCount}`;
}

/** Null for what `formatReceipt` cannot have made. */
export function parseReceipt(text: string): Receipt | null {
  const match = /^([1-9][0-9]{0,14})\.([1-9][0-9]{0,8})$/.exec(text);
  return match === null ? null : { id: Number(match[1]), receiveCount: Number(match[2]) };
}
