export const store = 'adapter';
