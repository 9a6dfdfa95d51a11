// Adds up what the test runs reported. A run that left no report has failed as a whole.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
let skipped = 0;
for (const file of process.argv.slice(2)) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    failed += report.numFailedTests + report.testResults.filter(isBroken).length;
    skipped += report.numPendingTests + report.numTodoTests;
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
