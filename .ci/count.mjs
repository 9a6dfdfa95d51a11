// Adds up what the test runs reported, and names each test that failed. A run that left no report has failed as a whole.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
let skipped = 0;
for (const path of process.argv.slice(2)) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const broken = report.testResults.filter(isBroken);
    passed += report.numPassedTests;
    failed += report.numFailedTests + broken.length;
    skipped += report.numPendingTests + report.numTodoTests;
    for (const file of broken) tell(path, file.name, file.message);
    for (const file of report.testResults)
      for (const test of file.assertionResults.filter(({ status }) => status === 'failed'))
        tell(path, `${file.name}: ${test.fullName}`, test.failureMessages.join('\n'));
  } catch (error) {
    console.log(`no test report: ${error.message}`);
    failed += 1;
  }
}
console.log(`${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
process.exitCode = failed === 0 ? 0 : 1;

/** A file that could not even be loaded has no tests to count. */
function isBroken(file) {
  return file.status === 'failed' && file.assertionResults.length === 0;
}

/** Long output loses its middle on the way to the reader: what failed stands at the end once more. */
function tell(report, what, message = '') {
  console.log(`FAILED (${report}) ${what}\n${message.slice(0, 2_000)}`);
}
