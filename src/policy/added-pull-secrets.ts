/** `spec.pullSecrets` of a policy: the pull secrets that Pods get for their images. */
import type { ImageReference } from '../image/reference.ts';
import { strings } from './document-schema.ts';
import { isName, SUBDOMAIN } from './name-language.ts';
import { PIN_MODES, type PinMode } from './pin.ts';
import { coverage } from './pull-policies.ts';
import { quoteValue } from '../image/quote.ts';
import type { Report } from './selector-fault.ts';

export interface PullSecretEntry {
  readonly covers: (image: ImageReference) => boolean;
  /** In the order in which they are added. */
  readonly add: readonly string[];
  readonly mode: PinMode;
}

export interface PullSecretDocument {
  readonly images: readonly string[];
  readonly add: readonly string[];
  readonly mode?: PinMode;
}

export const PULL_SECRETS_SCHEMA = {
  type: 'array',
  minItems: 1,
  description: 'Adds pull secrets to Pods with matching images. Every entry that matches applies',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['images', 'add'],
    properties: {
      images: strings('Image patterns, compared with the images as they will run', { minItems: 1 }),
      add: strings(
        'Names of Secrets in the namespace of the Pod. One is added if it exists and has a credential for a matching image; otherwise a warning names it',
        { minItems: 1 },
      ),
      mode: {
        enum: PIN_MODES,
        default: 'pod',
        description:
          'pod: only new Pods, so that no stored workload changes; workload: also the templates of objects without a controller; warn: change nothing, add a warning with the names',
      },
    },
  },
} as const;

/** `documents` must be valid by the schema. Leaves out entries with faults, which it reports. */
export function readAddedPullSecrets(
  documents: readonly PullSecretDocument[],
  at: string,
  report: Report,
): readonly PullSecretEntry[] {
  return documents.flatMap(({ images, add, mode = 'pod' }, index) => {
    const covers = coverage(images, `${at}/${index}/images`, report);
    const wrong = add.flatMap((name, place) => (isName(name, SUBDOMAIN) ? [] : [place]));
    for (const place of wrong) {
      const name = quoteValue(add[place] ?? '', 80);
      report(
        `${at}/${index}/add/${place}`,
        `${name} is not the name of a Secret; names have lowercase letters, digits, "-", and "."`,
      );
    }
    return covers === undefined || wrong.length > 0 ? [] : [{ covers, add, mode }];
  });
}
