/** JSON Schema of a kubeconfig (client-go, tools/clientcmd/api/v1): the fields that tidewaiter reads. Other fields are ignored. */

const TEXT = { type: 'string' } as const;
const FLAG = { type: 'boolean' } as const;
const TEXTS = { type: 'array', items: TEXT } as const;

function object(properties: object): object {
  return { type: 'object', properties };
}

/** `name` identifies an entry; the other member contains its fields. */
function entries(member: string, properties: object): object {
  return { type: 'array', items: object({ name: TEXT, [member]: object(properties) }) };
}

export const INTERACTIVE_MODES = ['Never', 'IfAvailable', 'Always'] as const;

const EXEC = object({
  command: TEXT,
  args: TEXTS,
  env: { type: 'array', items: object({ name: TEXT, value: TEXT }) },
  apiVersion: TEXT,
  installHint: TEXT,
  provideClusterInfo: FLAG,
  interactiveMode: { enum: INTERACTIVE_MODES },
});

export const KUBECONFIG_SCHEMA = object({
  apiVersion: { enum: ['v1', ''] },
  kind: { enum: ['Config', ''] },
  'current-context': TEXT,
  clusters: entries('cluster', {
    server: TEXT,
    'certificate-authority': TEXT,
    'certificate-authority-data': TEXT,
    'insecure-skip-tls-verify': FLAG,
    'tls-server-name': TEXT,
    'proxy-url': TEXT,
    'disable-compression': FLAG,
    extensions: { type: 'array', items: object({ name: TEXT }) },
  }),
  contexts: entries('context', { cluster: TEXT, user: TEXT, namespace: TEXT }),
  users: entries('user', {
    'client-certificate': TEXT,
    'client-certificate-data': TEXT,
    'client-key': TEXT,
    'client-key-data': TEXT,
    token: TEXT,
    tokenFile: TEXT,
    username: TEXT,
    password: TEXT,
    as: TEXT,
    'as-uid': TEXT,
    'as-groups': TEXTS,
    'as-user-extra': { type: 'object', additionalProperties: TEXTS },
    exec: EXEC,
    'auth-provider': object({ name: TEXT, config: { type: 'object', additionalProperties: TEXT } }),
  }),
});
