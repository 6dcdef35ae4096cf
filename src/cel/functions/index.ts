/** All CEL functions: the standard functions, the extensions that Kubernetes enables, its own functions, and cel-go's math. */
import type { Overload } from '../overload.ts';
import { ADDRESSES } from './addresses.ts';
import { CONVERSIONS } from './conversions.ts';
import { LISTS } from './lists.ts';
import { MATH } from './math.ts';
import { NAMED_FORMATS } from './named-formats.ts';
import { OPERATORS } from './operators.ts';
import { OPTIONALS } from './optionals.ts';
import { QUANTITIES } from './quantities.ts';
import { REGEX } from './regex.ts';
import { STRINGS } from './strings.ts';
import { TIMES } from './times.ts';
import { URLS } from './urls.ts';
import { VERSIONS } from './versions.ts';

export const FUNCTIONS: readonly Overload[] = [
  ...ADDRESSES,
  ...CONVERSIONS,
  ...LISTS,
  ...MATH,
  ...NAMED_FORMATS,
  ...OPERATORS,
  ...OPTIONALS,
  ...QUANTITIES,
  ...REGEX,
  ...STRINGS,
  ...TIMES,
  ...URLS,
  ...VERSIONS,
];
