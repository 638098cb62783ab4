/** Prints the problems, one per line, and sets the exit code; prints `summary` when there are none. */
export function reportProblems(problems, summary) {
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
  else console.log(summary);
}
