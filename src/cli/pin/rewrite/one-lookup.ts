/** A registry that looks up each image once: for its new name, and then for its digest. */
import type { RegistryFact, RegistryImage } from '../../../policy/registry-fact.ts';
import type { ClosableRegistry, RegistryLookups } from '../registry-lookups.ts';

export function withOneLookup(lookups: RegistryLookups): RegistryLookups {
  let opened: ClosableRegistry | undefined;
  return { ...lookups, registry: () => (opened ??= remembering(lookups.registry())) };
}

function remembering(registry: ClosableRegistry): ClosableRegistry {
  const known = new Map<string, Promise<RegistryFact<RegistryImage>>>();
  return {
    ...registry,
    async resolve(reference, signal) {
      const key = reference.fullName;
      const before = known.get(key);
      if (before !== undefined) return before;
      const found = registry.resolve(reference, signal);
      known.set(key, found);
      return found;
    },
  };
}
