/** Finds the faults of a document that is meant to be a test suite. */
import { quoteValue } from '../image/quote.ts';
import { isObject } from '../pod/pointer.ts';
import { dayStart } from '../go/date.ts';
import { API_VERSION } from '../policy/document-schema.ts';
import { isName, LABEL } from '../policy/name-language.ts';
import { responseFaults, type RegistryResponses } from '../policy/registry-responses.ts';
import { DOCUMENT_KINDS, FORMER_KINDS } from '../policy/schema.ts';
import { didYouMean } from '../image/suggestion.ts';
import { type DocumentFault, schemaCheck } from '../policy/schema-faults.ts';
import { type ValidPart, validSpecOf, wholePart } from '../policy/valid-part.ts';
import { SUITE_KIND, SUITE_SCHEMA } from '../policy/suite-schema.ts';
import type { ExpectedFinding } from '../recording/expected.ts';

const checkSuite = schemaCheck(SUITE_SCHEMA);
/** Checks the parts that are present, even if others are missing. */
const checkSpec = schemaCheck(lenientSpec());

function lenientSpec(): object {
  const { spec } = SUITE_SCHEMA.properties;
  const { cases } = spec.properties;
  const { anyOf: _sources, ...items } = cases.items;
  const anyCases = { ...cases, items: { ...items, required: [] } };
  return { ...spec, required: [], properties: { ...spec.properties, cases: anyCases } };
}

/** Returns undefined for a document that is neither a test suite nor a malformed one. */
export function suiteFaults(value: unknown): readonly DocumentFault[] | undefined {
  if (!isObject(value)) return undefined;
  const { apiVersion, kind } = value;
  const ours = typeof apiVersion !== 'string' || apiVersion.startsWith('tidewaiter.dev/');
  if (!ours || typeof kind !== 'string') return undefined;
  if (kind === SUITE_KIND) {
    const faults = checkSuite(value);
    const part = faults.length === 0 ? wholePart(value['spec']) : validSpecOf(value, checkSpec);
    return [...faults, ...meaningFaults(part)];
  }
  const kinds = [...DOCUMENT_KINDS, ...FORMER_KINDS.keys(), SUITE_KIND];
  const nearest = kinds.includes(kind) ? '' : didYouMean(kind, kinds);
  if (apiVersion !== API_VERSION || !nearest.includes(SUITE_KIND)) return undefined;
  return [{ pointer: '/kind', problem: `unknown kind ${quoteValue(kind)}${nearest}`, at: 'value' }];
}

/** A document that the schema has accepted. */
export interface SuiteDocument {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly policies?: readonly string[];
    readonly namespace?: string;
    readonly now?: string;
    readonly registry?: RegistryResponses;
    readonly cases: readonly {
      readonly name: string;
      readonly resources?: readonly string[];
      readonly reviews?: readonly string[];
      readonly registry?: RegistryResponses;
      readonly expect: 'pass' | readonly SuiteFinding[];
    }[];
  };
}

/** Faults that a schema cannot express. */
function meaningFaults({ value, placeOf }: ValidPart): readonly DocumentFault[] {
  return faultsIn(value as SuiteParts).flatMap((fault) => {
    const place = placeOf(fault.pointer.slice('/spec'.length));
    return place === undefined ? [] : [{ ...fault, pointer: `/spec${place}` }];
  });
}

interface SuiteParts extends Partial<Omit<SuiteDocument['spec'], 'cases'>> {
  readonly cases?: readonly Partial<SuiteDocument['spec']['cases'][number]>[];
}

function faultsIn(suite: SuiteParts): readonly DocumentFault[] {
  return [...settingFaults(suite), ...caseFaults(suite.cases ?? [])];
}

function settingFaults({ namespace, now, registry = {} }: SuiteParts): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  if (now !== undefined && dayStart(now) === undefined) {
    faults.push({ pointer: '/spec/now', problem: `${quoteValue(now)} is not a valid date`, at: 'value' });
  }
  if (namespace !== undefined && !isName(namespace, LABEL)) {
    const problem = `${quoteValue(namespace)} is not a namespace; use lowercase letters, digits, and inner hyphens, at most 63 characters`;
    faults.push({ pointer: '/spec/namespace', problem, at: 'value' });
  }
  return [...faults, ...responseFaults(registry, '/spec/registry')];
}

function caseFaults(cases: NonNullable<SuiteParts['cases']>): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  const seen = new Set<string>();
  for (const [index, { name, registry = {} }] of cases.entries()) {
    faults.push(...responseFaults(registry, `/spec/cases/${index}/registry`));
    if (name === undefined) continue;
    const problem = `duplicate case ${quoteValue(name)}`;
    if (seen.has(name)) faults.push({ pointer: `/spec/cases/${index}/name`, problem, at: 'value' });
    seen.add(name);
  }
  return faults;
}

/** An `ExpectedFinding` with the object that it is about. */
export interface SuiteFinding extends ExpectedFinding {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}
