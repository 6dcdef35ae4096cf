/** `onFailure`: what happens if an image cannot be looked up, by the cause of the failure. */
import { REGISTRY_CAUSES, type RegistryCause } from './registry-fact.ts';

export type FailureActions<Action extends string> = Action | Readonly<Partial<Record<RegistryCause | 'other', Action>>>;

const CAUSES: Readonly<Record<RegistryCause, string>> = {
  notFound: 'The tag or repository does not exist, or the registry hides it',
  forbidden: 'The credentials lack pull access (403)',
  unauthenticated: 'No credential, or the registry rejects every credential (401)',
  rateLimited: 'Too many requests (429)',
  serverError: 'The registry failed (5xx)',
  timeout: 'No response before the deadline',
  dns: 'The hostname of the registry cannot be resolved',
  tls: 'The TLS handshake failed, for example because the certificate is not trusted',
  unreachable: 'The connection failed or was closed',
  blocked: 'The configuration or a policy does not allow the query',
  protocol: 'The registry returned an invalid response',
  tooMany: 'The object has too many images, or too many lookups are in progress',
};

interface Wording<Action> {
  readonly actions: readonly Action[];
  readonly default: Action;
  readonly description: string;
}

export function failureActionsSchema<Action extends string>({
  actions,
  default: otherwise,
  description,
}: Wording<Action>): object {
  const onCause = (of: string): object => ({ enum: actions, description: of });
  const last = actions.at(-1) ?? '';
  return {
    type: ['string', 'object'],
    pattern: `^(${actions.join('|')})$`,
    hint: `${actions.map((action) => `"${action}"`).join(', ')}, or a map from cause to action such as {notFound: ${last}, other: ${otherwise}}`,
    additionalProperties: false,
    minProperties: 1,
    default: otherwise,
    description,
    properties: {
      ...Object.fromEntries(Object.entries(CAUSES).map(([cause, of]) => [cause, onCause(of)])),
      other: { ...onCause('All other causes'), default: otherwise },
    },
  };
}

export function readFailureActions<Action extends string>(
  written: FailureActions<Action>,
  otherwise: Action,
): (cause: RegistryCause) => Action {
  const given: Readonly<Partial<Record<RegistryCause | 'other', Action>>> = typeof written === 'string' ? {} : written;
  const other = typeof written === 'string' ? written : (written.other ?? otherwise);
  const actions = new Map(REGISTRY_CAUSES.map((cause) => [cause, given[cause] ?? other]));
  return (cause) => actions.get(cause) ?? other;
}
