/** What is printed with an unlock key. */
export function unlockAdvice(unlockKey: string): string {
  return [
    '',
    "To unlock a manager after it restarts, run 'tsctl unlock' on it and give this key:",
    '',
    `    ${unlockKey}`,
    '',
    'Keep it in a password manager: without it a manager that restarts cannot be unlocked, and when no',
    'manager is left running, the state of the cluster is lost.',
    '',
  ].join('\n');
}
