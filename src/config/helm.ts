/** The key `helm`: the values with which charts are rendered. */
import { type ConfiguredHelmSet, configuredSet, type HelmEntry } from '../render/helm-settings.ts';
import type { Value } from './values.ts';

const TEXT = { type: 'string', minLength: 1 } as const;

export const HELM_SCHEMA = {
  type: 'array',
  default: [],
  description: 'Values for check --helm; a chart that several entries match is rendered once with each',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['chart'],
    hint: 'for example {chart: charts/web, values: [production.yaml]}',
    properties: {
      chart: { ...TEXT, description: 'Chart directories, relative to this file; * matches any characters' },
      name: {
        type: 'string',
        maxLength: 53,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
        hint: 'lowercase letters, digits, and inner hyphens',
        description: 'Release name; by default, the name of the chart',
      },
      namespace: {
        type: 'string',
        maxLength: 63,
        pattern: '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
        hint: 'lowercase letters, digits, and inner hyphens',
        description: 'Namespace of the release; by default, that of check',
      },
      kubeVersion: { ...TEXT, description: 'Kubernetes version for the chart, for example 1.37.0' },
      values: { type: 'array', items: TEXT, description: 'Values files, relative to this file; later ones come first' },
      set: {
        type: 'object',
        additionalProperties: { type: ['string', 'number', 'boolean'] },
        description: 'Single values by their path, for example image.tag: "2"',
      },
    },
  },
} as const;

export function helmSets({ value, directory = '.' }: Value): readonly ConfiguredHelmSet[] {
  return (value as readonly HelmEntry[]).map((entry) => configuredSet(entry, directory));
}
