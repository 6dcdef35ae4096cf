/** Names that values with secrets usually have: `DB_PASSWORD`, `--api-key`, `spring.datasource.password`. */

/** At the end of the name, so that `secretName`, `token-file`, and `passwordSecretRef` are not among them. */
const SECRET_NAME =
  /(?:pass(?:words?|wds?|phrases?|codes?)?|pwd|secret|tokens?|(?:api|access|auth|account|client|encryption|license|master|private|secret|shared|signing|storage)[-_.]?keys?|credentials?|creds?|dsn|connection[-_.]?string|auth|authorization|bearer|cookies?|signature|sig|htpasswd|kubeconfig|docker[-_.]?config[-_.]?json|user[-_.]?data(?:base64)?)\d*$/i;

/** Names of fields occur again and again (figures: test/bench/README.md). */
const known = new Map<string, boolean>();
const MAX_KNOWN = 2000;
const MAX_NAME = 200;

export function isSecretName(name: string): boolean {
  if (name.length > MAX_NAME) return false;
  let isSecret = known.get(name);
  if (isSecret === undefined) {
    if (known.size >= MAX_KNOWN) known.clear();
    isSecret = SECRET_NAME.test(name);
    known.set(name, isSecret);
  }
  return isSecret;
}

/** Names of numbers that are secrets; `maxTokens` is none. */
export function isSecretNumber(name: string): boolean {
  return /(?:pass(?:word|wd|phrase|code)?|pwd|pin)\d*$/i.test(name);
}

/** `env`, `extraEnv`, `envVars`, `environmentVariables` */
export function isEnvironmentName(name: string): boolean {
  return /(?:^e|E)nv(?:ironment)?(?:Vars?|Variables?)?$/.test(name);
}

/** Names of lists of secrets; lists with names such as `secrets` contain names of Secrets. */
export function isSecretListName(name: string): boolean {
  return /(?:pass(?:words?|wds?|phrases?|codes?)|pwds?|tokens?|keys?|cookies?)\d*$/i.test(name);
}
