/** What snippets in the docs take for granted, so that they can show what they are about. */
declare const charge: { id: string; amount: number };
declare const order: { id: string };
declare const log: Pick<Console, 'info' | 'warn' | 'error'>;
declare const metrics: { count(name: string, labels?: Record<string, string>): void };
