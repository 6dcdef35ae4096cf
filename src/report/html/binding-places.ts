/** Where the policies name their rules, for readers of a report who want to change one. */
import { fileText } from '../../files/location-text.ts';
import type { LoadedPolicies } from '../../files/policies.ts';
import { bindingKey } from './report-data.ts';

/** By `bindingKey`. A policy that has a rule twice has no single place. */
export function bindingPlaces({
  policies,
  placed,
}: Pick<LoadedPolicies, 'policies' | 'placed'>): Readonly<Record<string, string>> {
  const places = policies.flatMap(({ name, bindings }) =>
    bindings.flatMap(({ rule }, index) => {
      if (bindings.some((other, at) => at !== index && other.rule === rule)) return [];
      const { file, line } = placed({ kind: 'ImagePolicy', name, pointer: `/spec/rules/${index}`, message: '' });
      return file === '' ? [] : [[bindingKey(name, rule), `${fileText(file)}:${line}`] as const];
    }),
  );
  return Object.fromEntries(places);
}
