/** Amounts of data as nft writes them: in the largest unit that divides them. */

export const dataUnits = ['bytes', 'kbytes', 'mbytes'] as const;
export type DataUnit = (typeof dataUnits)[number];

export const bytesIn = (amount: number, unit: DataUnit): number => amount * 1024 ** dataUnits.indexOf(unit);

export function inUnits(bytes: number): readonly [amount: number, unit: DataUnit] {
  let amount = bytes;
  let unit = 0;
  while (amount > 0 && amount % 1024 === 0 && unit < dataUnits.length - 1) {
    amount /= 1024;
    unit++;
  }
  return [amount, dataUnits[unit]!];
}
