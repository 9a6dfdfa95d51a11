/** A page of the site: its file in docs/ without `.md`, and what the sidebar calls it. */
export interface Page {
  readonly file: string;
  readonly title: string;
}

export interface Group {
  readonly title: string;
  readonly pages: readonly Page[];
}

/** Every page of docs/, in the order in which the site offers them. test/docs/site.test.ts compares it with the folder. */
export const groups: readonly Group[] = [
  { title: 'Try it', pages: [{ file: 'lab', title: 'The lab' }] },
  {
    title: 'Answers',
    pages: [
      { file: 'migrate', title: 'Moving from another library' },
      { file: 'what-now', title: 'What now? A call failed' },
      { file: 'keys', title: 'Choosing a key' },
      { file: 'timeouts', title: 'Choosing timeouts' },
      { file: 'deadlines', title: 'Deadlines that travel' },
      { file: 'hedging', title: 'Hedging slow answers' },
      { file: 'sdks', title: 'With SDKs' },
      { file: 'recipes', title: 'Recipes' },
      { file: 'recipes/policy-file', title: 'A policy in a file' },
      { file: 'troubleshooting', title: 'Troubleshooting' },
      { file: 'testing', title: 'Testing your code' },
      { file: 'security', title: 'Security' },
      { file: 'faq', title: 'Questions that are asked' },
    ],
  },
  {
    title: 'Use it',
    pages: [
      { file: 'events', title: 'Events and reports' },
      { file: 'telemetry', title: 'Telemetry' },
      { file: 'limits', title: 'Limits and fallbacks' },
      { file: 'presets', title: 'Presets for known APIs' },
      { file: 'faults', title: 'Faults on purpose' },
    ],
  },
  {
    title: 'Keys and exactly one effect',
    pages: [
      { file: 'dialects', title: 'Dialects of keys' },
      { file: 'once', title: 'The receiving side' },
      { file: 'outbox', title: 'The outbox: later, but surely' },
      { file: 'saga', title: 'Sagas: steps with a compensation' },
    ],
  },
  {
    title: 'Why it can be trusted',
    pages: [
      { file: 'guarantees', title: 'What is promised' },
      { file: 'storms', title: 'Storms' },
      { file: 'benchmarks', title: 'What it costs' },
      { file: 'architecture', title: 'Architecture' },
      { file: 'decisions', title: 'Decisions' },
    ],
  },
];
