/**
 * Commands are shown to people and may hold secrets although they shouldn't. This hides what looks like one; it
 * can't find all, so whoever writes a command should pass secrets in a file or the container's own environment.
 */
const patterns: readonly (readonly [RegExp, string])[] = [
  // scheme://user:secret@host
  [/(\b[a-z][a-z0-9+.-]{0,30}:\/\/[^\s:/@]{0,200}:)[^\s@/]{1,500}(?=@)/gi, '$1***'],
  // Authorization: Bearer secret
  [/(\b(?:bearer|basic)\s+)[\w.~+/=-]{6,2000}/gi, '$1***'],
  // --password=secret, --token secret, PGPASSWORD=secret, apikey: secret
  [
    /((?:pass(?:word|wd|phrase)?|pwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|credentials?)["']?(?:\s*[=:]\s*|\s+))(?:"[^"]{0,2000}"|'[^']{0,2000}'|[^\s"'&;|]{1,2000})/gi,
    '$1***',
  ],
  // mysql -pSecret
  [
    /((?:^|\s)(?:mysql|mysqldump|mariadb|mariadb-dump|mysqladmin)\s(?:[^|;&]{0,500}\s)?-p)[^\s]{1,500}/g,
    '$1***',
  ],
  // AWS access keys
  [/\bAKIA[0-9A-Z]{16}\b/g, '***'],
];

/** The longest command that is shown; characters. */
const maxLength = 2000;

/** The command with each part that looks like a secret replaced by `***`, cut at 2,000 characters. */
export function redactCommand(command: string): string {
  let text = command.length > maxLength ? `${command.slice(0, maxLength)}…` : command;
  for (const [pattern, replacement] of patterns) text = text.replace(pattern, replacement);
  return text;
}
