/** `check --fix`: fixes findings that need no decision, byte for byte, or prints the diff. */
import { statSync } from 'node:fs';
import { loadText } from '../../files/load-text.ts';
import { realPathOf } from '../../files/kustomize-files.ts';
import { parseDocuments } from '../../files/yaml/yaml.ts';
import type { KindTable } from '../../pod/kinds.ts';
import type { FindingRow } from '../../report/rows.ts';
import { renderedReason } from './chart-hint.ts';
import { combined, type FileFix, fixedText, type Refusal } from './file-fix.ts';
import { imageFileMends, isInImageFile } from './image-file-mends.ts';
import type { Mend, MendResult } from './mend.ts';
import { refused } from './mend.ts';
import { hasMend, mendOf } from './mends.ts';
import type { PortReferences } from './port-references.ts';

export interface FixInput {
  readonly kinds: KindTable;
  /** Finds digests for images. */
  readonly digests: (findings: readonly FindingRow[]) => Promise<readonly MendResult[]>;
  readonly portReferences: () => Promise<PortReferences>;
  /** Returns the findings of a rule with other texts in files, by their real paths. */
  readonly evaluate: (rule: string, texts: ReadonlyMap<string, string>) => Promise<readonly FindingRow[]>;
}

export interface Fixes {
  readonly files: readonly FileFix[];
  readonly refusals: readonly Refusal[];
  /** The findings that are fixed. */
  readonly fixed: ReadonlySet<FindingRow>;
}

export async function findFixes(findings: readonly FindingRow[], input: FixInput): Promise<Fixes> {
  const open = findings.filter(hasMend);
  const ofDigests = open.filter(({ rule }) => rule === 'image-digest');
  const digests = Map.groupBy(ofDigests.length === 0 ? [] : await input.digests(ofDigests), (result) =>
    realPathOf(result.ok ? result.mend.finding.file : result.finding.file),
  );
  const references = open.some(({ rule }) => rule === 'container-ports') ? await input.portReferences() : NO_REFERENCES;
  const byFile = Map.groupBy(open, ({ file }) => realPathOf(file));
  const results = [...byFile].map(([id, rows]) =>
    inFile(rows[0]?.file ?? id, rows, { ...input, digests: digests.get(id) ?? [], references }),
  );
  const files = results.flatMap(({ fix }) => fix ?? []);
  const refusals = results.flatMap((result) => result.refusals);
  return withoutNeedless({ files, refusals }, input);
}

const NO_REFERENCES: PortReferences = { to: () => undefined };

interface FileInput {
  readonly kinds: KindTable;
  readonly digests: readonly MendResult[];
  readonly references: PortReferences;
}

interface FileResult {
  readonly fix: FileFix | undefined;
  readonly refusals: readonly Refusal[];
}

function inFile(file: string, rows: readonly FindingRow[], { kinds, digests, references }: FileInput): FileResult {
  const loaded = textOf(file);
  if ('problem' in loaded) {
    const problem = loaded.problem;
    return { fix: undefined, refusals: rows.flatMap((row) => refusalsIn([refused(row, problem)])) };
  }
  const given = { file, text: loaded.text, kinds };
  const others = rows.filter(({ rule }) => rule !== 'image-digest');
  const results = [...digests, ...otherMends(given, others, references)];
  const found = results.flatMap((result) => (result.ok ? [result.mend] : []));
  const { mends, refusals } = combined(given, found);
  return {
    fix: mends.length === 0 ? undefined : { ...given, mends },
    refusals: [...refusalsIn(results), ...refusals],
  };
}

function refusalsIn(results: readonly MendResult[]): readonly Refusal[] {
  return results.flatMap((result) => (result.ok ? [] : [result]));
}

const UTF_16 = { problem: 'the file is UTF-16; save it as UTF-8' };

function textOf(file: string): { readonly text: string } | { readonly problem: string } {
  if (file === 'stdin') return { problem: 'standard input cannot be changed' };
  const isFile = statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  if (!isFile) return { problem: 'it is not a regular file' };
  const loaded = loadText(file);
  return 'utf16' in loaded ? UTF_16 : loaded;
}

interface GivenFile {
  readonly file: string;
  readonly text: string;
  readonly kinds: KindTable;
}

function otherMends(
  { file, text, kinds }: GivenFile,
  rows: readonly FindingRow[],
  references: PortReferences,
): readonly MendResult[] {
  if (rows.length === 0) return [];
  const documents = parseDocuments(text);
  const ofImageFile = rows.some(isInImageFile) ? imageFileMends({ file, text }, kinds) : undefined;
  const input = { references: () => references, taken: new Set<string>() };
  return rows.flatMap((row): readonly MendResult[] => {
    const reason = renderedReason(row);
    if (reason !== undefined) return [refused(row, reason)];
    if (isInImageFile(row)) return toList(ofImageFile?.(row));
    const document = documents[row.document - 1];
    return document?.ok ? toList(mendOf({ file, text, document, format: 'manifest' }, row, input)) : [];
  });
}

function toList(result: MendResult | undefined): readonly MendResult[] {
  return result === undefined ? [] : [result];
}

const PULL_POLICY = 'image-pull-policy';

/** An image with a digest cannot change, so it can need no imagePullPolicy. */
async function withoutNeedless(
  { files, refusals }: Pick<Fixes, 'files' | 'refusals'>,
  { evaluate }: FixInput,
): Promise<Fixes> {
  const texts = new Map(
    files.flatMap(({ file, text, mends }) => {
      const digests = mends.filter(isDigest);
      const hasOthers = mends.some(isPullPolicy);
      return digests.length > 0 && hasOthers ? [[realPathOf(file), fixedText({ text, mends: digests })] as const] : [];
    }),
  );
  const left = texts.size === 0 ? [] : await evaluate(PULL_POLICY, texts);
  const needed = new Set(left.map(({ fingerprint }) => fingerprint));
  const isNeeded = (file: string, mend: Mend): boolean =>
    !texts.has(realPathOf(file)) || !isPullPolicy(mend) || needed.has(mend.finding.fingerprint);
  return {
    files: files.map((one) => ({ ...one, mends: one.mends.filter((mend) => isNeeded(one.file, mend)) })),
    refusals,
    fixed: new Set(files.flatMap(({ mends }) => mends.map(({ finding }) => finding))),
  };
}

function isDigest({ finding: { rule } }: Mend): boolean {
  return rule === 'image-digest';
}

function isPullPolicy({ finding: { rule } }: Mend): boolean {
  return rule === PULL_POLICY;
}
