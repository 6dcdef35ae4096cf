/** Why a kustomization was not built, and whether its author can do something about it. */
import path from 'node:path';
import { listAt } from '../files/kustomization.ts';
import { isIrregular, loadRegularText } from '../files/load-text.ts';
import type { SkippedFile } from '../files/skipped-files.ts';
import { parseDocuments } from '../files/yaml/yaml.ts';
import { maskPassword } from '../image/password.ts';
import { quoteValue } from '../image/quote.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { isOffline, type RendererRun } from './run-renderer.ts';

export interface BuildFault {
  readonly message: string;
  /** undefined: the kustomization is wrong. Otherwise, it can be built where a network and plugins are allowed. */
  readonly why: SkippedFile['why'] | undefined;
}

interface FailedUnit {
  readonly file: string;
  /** References that lead to no file. */
  readonly lost: readonly string[];
}

/** `run`: undefined if there are lost references. */
export function faultOf({ file, lost }: FailedUnit, run: RendererRun | undefined): BuildFault {
  if (run === undefined) return lostFault(lost);
  return { message: messageOf(run, file), why: whyNotHere(run) };
}

function lostFault(lost: readonly string[]): BuildFault {
  const irregular = lost.filter(isIrregular);
  if (irregular.length > 0) {
    const what = irregular.length === 1 ? 'is not a regular file' : 'are not regular files';
    const message = `not built: ${named(irregular)} ${what}, and reading a pipe or a device can take forever; refer to regular files`;
    return { message, why: undefined };
  }
  const missing = lost.filter((reference) => !REMOTE.test(reference));
  if (missing.length > 0) {
    const message = `not built: ${named(missing)} cannot be read; refer to existing files, or directories with a kustomization`;
    return { message, why: undefined };
  }
  const message = `not built: ${named(lost)} cannot be read, and tidewaiter downloads nothing; refer to local files and directories`;
  return { message, why: 'remote' };
}

/** What kustomize clones or downloads (sigs.k8s.io/kustomize/api/internal/git), and URLs of generators (`name=URL`). */
const REMOTE = /^(?:[\w.-]+=)?(?:git::|gh:|\w+:\/\/|(?:[\w.-]+@)?github\.com[/:]|[\w.-]+@)|\.git(?:\/|\?|$)|\/_git\//i;

function named(references: readonly string[]): string {
  return references.map((reference) => quoteValue(maskPassword(reference))).join(', ');
}

const PLUGIN = /must specify --enable-helm|external plugins disabled|plugins? .*(?:disabled|not enabled)/;

function whyNotHere(run: RendererRun): SkippedFile['why'] | undefined {
  if (run.ended.state === 'failed') return undefined;
  if (PLUGIN.test(run.stderr)) return 'plugin';
  return isOffline(run) ? 'remote' : undefined;
}

/** Go uses no proxy for URLs of the machine itself. */
const LOCAL_URL = /^(?:[\w.-]+=)?https?:\/\/(?:[^/@]*@)?(?:localhost|127\.|\[)/i;

export function localUrlsIn(file: string): readonly string[] {
  return documentsIn(file).flatMap((value) => textsIn(value).filter((text) => LOCAL_URL.test(text)));
}

/** What a kustomization names and cannot be read in a limited time: a pipe, or a device. Generators name files as `key=path`. */
export function irregularIn(file: string, folders: Iterable<string>): readonly string[] {
  const texts = documentsIn(file)
    .flatMap(textsIn)
    .filter((text) => text.length <= MAX_PATH && !text.includes('\n'));
  const names = new Set(texts.flatMap((text) => [text, text.slice(text.indexOf('=') + 1)]));
  const paths = [...folders].flatMap((folder) => [...names].map((name) => path.resolve(folder, name)));
  return paths.filter(isIrregular).map((one) => path.relative('.', one));
}

const MAX_PATH = 4096;

function textsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

const MAX_MESSAGE = 400;

/** The programs quote patches and generators, which can contain secrets. */
function messageOf({ ended, stderr }: RendererRun, file: string): string {
  if (ended.state === 'failed') return `not built: kubectl kustomize ${ended.problem}`;
  const text = stderr
    .replace(/^E\d{4} [^\]]*\] "command failed" err=/, '')
    .replaceAll(/`[^`]*`/g, '…')
    .replace(/ from \[(?:patch|path): [^]*$/, '');
  const secrets = literalsIn(file).reduce((shown, literal) => shown.replaceAll(literal, '***'), text);
  const words = secrets
    .replaceAll(/\s+/g, ' ')
    .replace(/^["<]? ?(?:[Ee]rror: )?/, '')
    .replace(/ ?[">]? ?$/, '');
  return `not built: kubectl kustomize failed: ${quoteValue(words, MAX_MESSAGE).slice(1, -1)}`;
}

function literalsIn(file: string): readonly string[] {
  return documentsIn(file).filter(isObject).flatMap(secretLiterals);
}

function documentsIn(file: string): readonly unknown[] {
  const loaded = loadRegularText(file);
  if (!('text' in loaded)) return [];
  return parseDocuments(loaded.text).flatMap((document) => (document.ok ? [document.value] : []));
}

function secretLiterals(kustomization: JsonObject): readonly string[] {
  return listAt(kustomization, 'secretGenerator')
    .filter(isObject)
    .flatMap((generator) => listAt(generator, 'literals'))
    .filter((literal) => typeof literal === 'string' && literal !== '')
    .map(String);
}
