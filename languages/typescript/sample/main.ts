import { readFileSync } from 'node:fs';

const numbers: number[] = readFileSync(0, 'utf8').split(/\s+/).filter(Boolean).map(Number);
const sum = numbers.reduce((total, number) => total + number, 0);
console.log(`sum: ${sum}`);
