/** The rules that a derived policy can have, from loose to strict. They need neither a registry nor a cluster. */
import type { Tree, TreeObject } from '../../install/yaml.ts';

export interface Candidate {
  readonly rule: string;
  /** From strict to loose; the first one without a denial is used. */
  readonly parameters: readonly (TreeObject | undefined)[];
  /** What the policy has if none of them is without a denial: the last one as a warning, or nothing. */
  readonly otherwise: 'warn' | 'nothing';
}

/** `allow`: the patterns of the registries in use. */
export function imageCandidates(allow: readonly Tree[]): readonly Candidate[] {
  return [
    { rule: 'image-reference', parameters: [undefined], otherwise: 'warn' },
    ...(allow.length === 0
      ? []
      : [{ rule: 'image-registry', parameters: [{ allow }], otherwise: 'warn' } satisfies Candidate]),
    { rule: 'image-tag', parameters: [{ deny: ['latest'] }, { required: true }], otherwise: 'warn' },
    { rule: 'image-digest', parameters: [undefined], otherwise: 'warn' },
    { rule: 'image-pull-policy', parameters: [{ when: 'mutable' }, { when: 'latest' }], otherwise: 'nothing' },
    { rule: 'image-qualified', parameters: [undefined], otherwise: 'nothing' },
    { rule: 'image-consistency', parameters: [undefined], otherwise: 'nothing' },
  ];
}

export const CONTAINER_CANDIDATES: readonly Candidate[] = [
  { rule: 'container-name', parameters: [undefined], otherwise: 'warn' },
  {
    rule: 'container-ports',
    parameters: [{ hostPort: false, namesUnique: true }, { hostPort: false }, undefined],
    otherwise: 'warn',
  },
];
