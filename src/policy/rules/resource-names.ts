/** Rejects resource names that no container can have, because a bound on them has no effect. */
import { quoteValue } from '../../image/quote.ts';
import { isQualifiedName } from '../name-language.ts';
import { didYouMean } from '../../image/suggestion.ts';

/** All resource names without a domain, with HUGE_PAGES (kubernetes pkg/apis/core/helper, IsStandardContainerResourceName). */
const STANDARD = ['cpu', 'memory', 'ephemeral-storage'];
const HUGE_PAGES = /^hugepages-[0-9]+[A-Za-z]*$/;

export function resourceFault(name: string): string | undefined {
  if (STANDARD.includes(name) || HUGE_PAGES.test(name)) return undefined;
  if (name.includes('/') && isQualifiedName(name)) return undefined;
  return `${quoteValue(name, 80)} is not a container resource${didYouMean(name.trim(), STANDARD)} (expected ${STANDARD.join(', ')}, a huge page size such as hugepages-2Mi, or a name with a domain such as nvidia.com/gpu)`;
}
