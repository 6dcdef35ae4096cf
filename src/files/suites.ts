/** Test suites of policies in files, among whatever else is there; paths in them are relative to the file that they stand in. */
import path from 'node:path';
import { isObject } from '../pod/pointer.ts';
import { quoteValue } from '../image/quote.ts';
import { dayStart } from '../policy/day.ts';
import { API_VERSION } from '../policy/document-schema.ts';
import { isName, LABEL } from '../policy/name-language.ts';
import { answerFaults, mergedAnswers, type RegistryAnswers } from '../policy/registry-answers.ts';
import { DOCUMENT_KINDS } from '../policy/schema.ts';
import { didYouMean, type DocumentFault, schemaCheck } from '../policy/schema-faults.ts';
import { SUITE_KIND, SUITE_SCHEMA } from '../policy/suite-schema.ts';
import type { ExpectedFinding } from '../recording/expected.ts';
import { loadInputs } from './documents.ts';
import { type InputError, unreadable } from './manifests.ts';
import { type ParsedDocument, readDocuments } from './yaml.ts';

interface Spot {
  readonly line: number;
  readonly column: number;
}

/** As `ExpectedFinding`, and the object that it is about. */
export interface SuiteFinding extends ExpectedFinding {
  readonly kind?: string;
  readonly namespace?: string;
  readonly name?: string;
}

/** An expected finding, and where the suite expects it. */
export interface PlacedExpectation extends Spot {
  readonly finding: SuiteFinding;
}

export interface SuiteCase extends Spot {
  readonly name: string;
  readonly resources: readonly string[];
  /** Those of the suite among them; `undefined` where neither says what registries would. */
  readonly registry: RegistryAnswers | undefined;
  readonly expect: 'pass' | readonly PlacedExpectation[];
}

export interface Suite extends Spot {
  readonly file: string;
  /** 1-based, within the file. */
  readonly document: number;
  readonly name: string;
  /** Empty: the built-in policy. */
  readonly policies: readonly string[];
  /** Of the list of policies, or of the suite where it has none. */
  readonly policiesAt: Spot;
  readonly namespace: string;
  /** Milliseconds since 1970. */
  readonly now: number | undefined;
  readonly cases: readonly SuiteCase[];
}

export interface Suites {
  readonly suites: readonly Suite[];
  readonly errors: readonly InputError[];
}

export async function loadSuites(paths: readonly string[], stdin: AsyncIterable<Uint8Array | string>): Promise<Suites> {
  const suites: Suite[] = [];
  const errors: InputError[] = [];
  for await (const input of loadInputs(paths, { stdin })) {
    if ('problem' in input) {
      errors.push(unreadable(input.path, input.problem));
      continue;
    }
    const file = { path: input.path, suites, errors };
    const before = suites.length + errors.length;
    if (MENTIONS.test(input.text)) for (const document of readDocuments(input.text)) readDocument(document, file);
    if (suites.length + errors.length === before && paths.includes(input.path)) {
      errors.push({ file: input.path, line: 1, column: 1, document: null, message: `no ${SUITE_KIND} in it` });
    }
  }
  if (suites.length + errors.length === 0) {
    errors.push(unreadable(paths.join(', '), `no test suite in it: a suite is a document with kind: ${SUITE_KIND}`));
  }
  return { suites, errors };
}

/** Only files with these words in them are parsed: most of a repository is none of ours, and need not be YAML as we read it. */
const MENTIONS = /ImagePolicyTest|tidewaiter\.dev\//;

interface Reading {
  readonly path: string;
  readonly suites: Suite[];
  readonly errors: InputError[];
}

type GoodDocument = Extract<ParsedDocument, { readonly ok: true }>;

function readDocument(document: ParsedDocument, { path: file, suites, errors }: Reading): void {
  const number = document.index + 1;
  if (!document.ok) {
    errors.push({ file, line: document.line, column: document.column, document: number, message: document.problem });
    return;
  }
  const faults = faultsOf(document.value);
  if (faults === undefined) return;
  for (const { pointer, problem, at } of faults) {
    const { line, column } = at === 'key' ? document.keyPositionOf(pointer) : document.positionOf(pointer);
    const message = `${pointer === '' ? '' : `${pointer.slice(1)}: `}${problem}`;
    errors.push({ file, line, column, document: number, message });
  }
  if (faults.length === 0) suites.push(suiteOf(document.value as SuiteDocument, document, file));
}

const checkSuite = schemaCheck(SUITE_SCHEMA);

/** `undefined`: no suite, and nothing that was meant to be one. */
function faultsOf(value: unknown): readonly DocumentFault[] | undefined {
  if (!isObject(value)) return undefined;
  const { apiVersion, kind } = value;
  const ours = typeof apiVersion !== 'string' || apiVersion.startsWith('tidewaiter.dev/');
  if (!ours || typeof kind !== 'string') return undefined;
  if (kind === SUITE_KIND) {
    const faults = checkSuite(value);
    return faults.length > 0 ? faults : meaningFaults(value as object as SuiteDocument);
  }
  const kinds = [...DOCUMENT_KINDS, SUITE_KIND];
  const nearest = kinds.includes(kind) ? '' : didYouMean(kind, kinds);
  if (apiVersion !== API_VERSION || !nearest.includes(SUITE_KIND)) return undefined;
  return [{ pointer: '/kind', problem: `${quoteValue(kind)} is none of our documents${nearest}`, at: 'value' }];
}

/** The document once the schema has accepted it. */
interface SuiteDocument {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly policies?: readonly string[];
    readonly namespace?: string;
    readonly now?: string;
    readonly registry?: RegistryAnswers;
    readonly cases: readonly {
      readonly name: string;
      readonly resources: readonly string[];
      readonly registry?: RegistryAnswers;
      readonly expect: 'pass' | readonly SuiteFinding[];
    }[];
  };
}

/** What a schema cannot say. */
function meaningFaults({ spec: { namespace, now, registry = {}, cases } }: SuiteDocument): readonly DocumentFault[] {
  const faults: DocumentFault[] = [];
  if (now !== undefined && dayStart(now) === undefined) {
    faults.push({ pointer: '/spec/now', problem: `${quoteValue(now)} is no day of the calendar`, at: 'value' });
  }
  if (namespace !== undefined && !isName(namespace, LABEL)) {
    const problem = `${quoteValue(namespace)} is not a namespace; use lowercase letters, digits, and inner hyphens, at most 63 characters`;
    faults.push({ pointer: '/spec/namespace', problem, at: 'value' });
  }
  faults.push(...answerFaults(registry, '/spec/registry'));
  const seen = new Set<string>();
  for (const [index, { name, registry: own = {} }] of cases.entries()) {
    faults.push(...answerFaults(own, `/spec/cases/${index}/registry`));
    const problem = `there is already a case ${quoteValue(name)}`;
    if (seen.has(name)) faults.push({ pointer: `/spec/cases/${index}/name`, problem, at: 'value' });
    seen.add(name);
  }
  return faults;
}

function suiteOf({ metadata, spec }: SuiteDocument, document: GoodDocument, file: string): Suite {
  const resolved = (given: string): string => (path.isAbsolute(given) ? given : path.join(path.dirname(file), given));
  return {
    file,
    document: document.index + 1,
    ...spotOf('/metadata/name'),
    name: metadata.name,
    policies: (spec.policies ?? []).map(resolved),
    policiesAt: spotOf('/spec/policies'),
    namespace: spec.namespace ?? 'default',
    now: spec.now === undefined ? undefined : dayStart(spec.now),
    cases: spec.cases.map(({ name, resources, registry, expect }, index) => ({
      ...spotOf(`/spec/cases/${index}/name`),
      name,
      resources: resources.map(resolved),
      registry: mergedAnswers(spec.registry, registry),
      expect: expect === 'pass' ? expect : expect.map((finding, at) => placed(finding, `${index}/expect/${at}`)),
    })),
  };

  function spotOf(pointer: string): Spot {
    const { line, column } = document.positionOf(pointer);
    return { line, column };
  }

  function placed(finding: SuiteFinding, at: string): PlacedExpectation {
    return { finding, ...spotOf(`/spec/cases/${at}`) };
  }
}
