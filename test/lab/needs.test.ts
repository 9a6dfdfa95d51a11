import { describe, expect, it } from 'vitest';
import { parseCommand } from '../../src/lab/arguments.ts';
import { assertInstalled } from '../../src/lab/needs.ts';

describe('what the lab needs', () => {
  const have = (installed: readonly string[]) => (name: string) => {
    if (!installed.includes(name)) throw new Error('there is no such package');
  };

  it('is looked for before the run, and the message has the line that installs it', () => {
    expect(() => assertInstalled({ storms: false, pictures: true }, have([]))).toThrow(
      'npm install --save-dev @sinonjs/fake-timers echarts',
    );
    expect(() => assertInstalled({ storms: true, pictures: false }, have(['ky']))).toThrow(
      'npm install --save-dev @sinonjs/fake-timers cockatiel',
    );
  });

  it('is no more than what is asked for', () => {
    assertInstalled({ storms: false, pictures: false }, have(['@sinonjs/fake-timers']));
  });
});

it('a spike without its length is refused, with what is missing', () => {
  const argv = ['lab', '--policy', 'policy.json', '--spike', '80'];
  expect(() => parseCommand(argv)).toThrow('for how many seconds too, such as 80x5');
});
