import { readFileSync } from 'node:fs';

const numbers = readFileSync(0, 'utf8').split(/\s+/).filter(Boolean).map(Number);
console.log('sum:', numbers.reduce((sum, number) => sum + number, 0));
