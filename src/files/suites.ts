/** Loads test suites from files that may contain other documents as well. Paths are relative to the file of the suite. */
import path from 'node:path';
import { dayStart } from '../go/date.ts';
import { mergedResponses, type RegistryResponses } from '../policy/registry-responses.ts';
import { currentCauses } from '../policy/former-causes.ts';
import { faultText } from '../policy/schema-faults.ts';
import { SUITE_KIND, SUITE_SCHEMA } from '../policy/suite-schema.ts';
import { loadInputs, type LoadOptions } from './input-texts.ts';
import type { InputNotice, SkippedFile } from './skipped-files.ts';
import { type InputError, unreadable } from './manifest-objects.ts';
import { repeatedKeyNotices } from './yaml/repeated-keys.ts';
import { type SuiteDocument, suiteFaults, type SuiteFinding } from './suite-faults.ts';
import { type ParsedDocument, parseDocuments, type ValidDocument } from './yaml/yaml.ts';

interface Place {
  readonly line: number;
  readonly column: number;
}

/** An expected finding with its location in the suite. */
export interface PlacedExpectation extends Place {
  readonly finding: SuiteFinding;
}

export interface SuiteCase extends Place {
  readonly name: string;
  readonly resources: readonly string[];
  /** Files with recorded reviews. */
  readonly reviews: readonly string[];
  /** Where the suite names each of the resources and reviews. */
  readonly resourcesAt: ReadonlyMap<string, Place>;
  /** Includes the responses of the suite; undefined: neither the case nor the suite defines responses. */
  readonly registry: RegistryResponses | undefined;
  readonly expect: 'pass' | readonly PlacedExpectation[];
}

export interface Suite extends Place {
  readonly file: string;
  /** 1-based, within the file. */
  readonly document: number;
  readonly name: string;
  /** Empty: the built-in policy. */
  readonly policies: readonly string[];
  /** The position of the list of policies, or of the suite if it has no list. */
  readonly policiesAt: Place;
  readonly namespace: string;
  /** Milliseconds since 1970. */
  readonly now: number | undefined;
  readonly cases: readonly SuiteCase[];
  /** Notices about the text of the suite. */
  readonly notices: readonly InputNotice[];
}

export interface Suites {
  readonly suites: readonly Suite[];
  readonly errors: readonly InputError[];
}

export async function loadSuites(
  paths: readonly string[],
  options: Pick<LoadOptions, 'stdin' | 'rulesFor'>,
): Promise<Suites> {
  const suites: Suite[] = [];
  const errors: InputError[] = [];
  let ignored = 0;
  const onSkipped = ({ why }: SkippedFile): void => void (ignored += Number(why === 'ignored'));
  for await (const input of loadInputs(paths, { ...options, onSkipped })) {
    if ('problem' in input) {
      // Most files of a repository, hidden ones above all, are not for tidewaiter.
      if (input.hidden) continue;
      errors.push(unreadable(input.path, input.problem));
      continue;
    }
    const file = { path: input.path, suites, errors };
    const before = suites.length + errors.length;
    if (MENTIONS.test(input.text)) for (const document of parseDocuments(input.text)) readDocument(document, file);
    if (suites.length + errors.length === before && paths.includes(input.path)) {
      errors.push({
        file: input.path,
        line: 1,
        column: 1,
        document: null,
        message: `no ${SUITE_KIND} found; for an example, run tidewaiter test --help`,
      });
    }
  }
  if (suites.length + errors.length === 0) errors.push(noSuiteIn(paths, ignored));
  return { suites, errors };
}

function noSuiteIn(paths: readonly string[], ignored: number): InputError {
  const names = `${ignored} path${ignored === 1 ? '' : 's'}`;
  const without = ignored === 0 ? '' : ` (ignore files exclude ${names}; to read all, use --no-ignore)`;
  const message = `no test suite found; a test suite is a document with kind: ${SUITE_KIND}${without}`;
  return unreadable(paths.join(', '), message);
}

/** Selects the files that are parsed. Other files of a repository need not be valid YAML. */
const MENTIONS = /ImagePolicyTest|tidewaiter\.dev\//;

interface LoadContext {
  readonly path: string;
  readonly suites: Suite[];
  readonly errors: InputError[];
}

function readDocument(document: ParsedDocument, { path: file, suites, errors }: LoadContext): void {
  const number = document.index + 1;
  if (!document.ok) {
    errors.push({ file, line: document.line, column: document.column, document: number, message: document.problem });
    return;
  }
  const { value, renamed } = currentCauses(document.value, SUITE_SCHEMA);
  const faults = suiteFaults(value);
  if (faults === undefined) return;
  const placed = faults.map(({ pointer, problem, at }) => {
    const { line, column } = at === 'key' ? document.keyPositionOf(pointer) : document.positionOf(pointer);
    const message = faultText({ pointer, problem });
    return { file, line, column, document: number, message };
  });
  errors.push(...placed.toSorted((one, other) => one.line - other.line || one.column - other.column));
  if (faults.length > 0) return;
  const notices = renamed.map(({ pointer, problem }) => ({ file, ...document.positionOf(pointer), message: problem }));
  suites.push({
    ...suiteOf(value as SuiteDocument, document, file),
    notices: [...repeatedKeyNotices(file, [document]), ...notices],
  });
}

function suiteOf({ metadata, spec }: SuiteDocument, document: ValidDocument, file: string): Omit<Suite, 'notices'> {
  const resolved = (given: string): string => (path.isAbsolute(given) ? given : path.join(path.dirname(file), given));
  return {
    file,
    document: document.index + 1,
    ...placeOf('/metadata/name'),
    name: metadata.name,
    policies: (spec.policies ?? []).map(resolved),
    policiesAt: placeOf('/spec/policies'),
    namespace: spec.namespace ?? 'default',
    now: spec.now === undefined ? undefined : dayStart(spec.now),
    cases: spec.cases.map(({ name, resources = [], reviews = [], registry, expect }, index) => ({
      ...placeOf(`/spec/cases/${index}/name`),
      name,
      resources: resources.map(resolved),
      reviews: reviews.map(resolved),
      resourcesAt: new Map([...placed(resources, `${index}/resources`), ...placed(reviews, `${index}/reviews`)]),
      registry: mergedResponses(spec.registry, registry),
      expect: expect === 'pass' ? expect : expect.map((finding, at) => expectation(finding, `${index}/expect/${at}`)),
    })),
  };

  function placeOf(pointer: string): Place {
    const { line, column } = document.positionOf(pointer);
    return { line, column };
  }

  function placed(paths: readonly string[], at: string): readonly (readonly [string, Place])[] {
    return paths.map((given, index) => [resolved(given), placeOf(`/spec/cases/${at}/${index}`)]);
  }

  function expectation(finding: SuiteFinding, at: string): PlacedExpectation {
    return { finding, ...placeOf(`/spec/cases/${at}`) };
  }
}
