/** Finds the images that a build of a Dockerfile pulls, and the places for their digests. */
import { maskPassword } from '../../../image/password.ts';
import { type ImageReference, parseReference } from '../../../image/reference.ts';
import type { EditTarget, LocationContent, NameTarget } from '../../../pinning/image-location.ts';
import { lastPieceOf, nameTextOf } from '../last-piece.ts';
import { digestTarget, namePlace } from '../edit-target.ts';
import { EMPTY, split, type TracedText } from '../traced-text.ts';
import { type GivenArgument, pairsOf, type Scope, scopeOf, setByBuild } from './arguments.ts';
import { type Build, contextName, type ContextNames, replacedIn, setBy } from './builds.ts';
import { BLANKS, type Instruction, parseDockerfile, triggerOf } from './instructions.ts';
import type { Fault } from './lines.ts';
import { outcomesOf } from './outcome.ts';
import { type BaseImage, digestLocation, type FileContext } from './digest-target.ts';
import { baseName } from './name-target.ts';
import { sourcesOf } from './sources.ts';

export interface DockerfileImage {
  /** The offset for its digest if it can be pinned; otherwise the offset of its text. */
  readonly offset: number;
  readonly image: string;
  /** The stage that it is the base of. */
  readonly stage?: string | undefined;
  readonly content: LocationContent;
  readonly target: EditTarget;
  readonly name?: NameTarget | undefined;
}

export interface DockerfileImages {
  readonly images: readonly DockerfileImage[];
  readonly fault: Fault | undefined;
}

/** The known builds, and the position of the text in its file. */
export interface SourceContext {
  readonly builds: readonly Build[];
  readonly linesBefore: number;
  /** How "$" is written. */
  readonly dollar: string;
}

/** Returns the images in text order; an image with one text appears once. */
export function imagesOf(source: TracedText, context: SourceContext): DockerfileImages {
  const { builds, linesBefore, dollar } = context;
  const { escape, syntax, fault, ...dockerfile } = parseDockerfile(source);
  const instructions = dockerfile.instructions.map((one) => ({ ...one, first: one.first + linesBefore }));
  const first = instructions.findIndex(({ name }) => name === 'FROM');
  const globals = instructions.slice(0, Math.max(first, 0)).filter(({ name }) => name === 'ARG');
  const given = setBy(builds);
  const scope = scopeOf(globals, escape, given);
  const bases = basesOf(instructions, scope, dollar);
  const reader: Reader = {
    escape,
    scope,
    bases,
    replaced: replacedIn(builds),
    given,
    built: new Set(builds.flatMap(({ built }) => built.map(contextName))),
    inStages: redeclaredIn(instructions.slice(first + 1), escape),
    outcomeOf: outcomesOf(
      globals,
      [...bases.values()].map(({ written }) => written),
      escape,
    ),
    allStages: new Set(instructions.flatMap((one) => (one.name === 'FROM' ? (splitFrom(one).stage ?? []) : []))),
  };
  const found = instructions.flatMap((instruction) => readInstruction(instruction, reader));
  return { images: eachOnce([...(syntax === undefined ? [] : [literal(syntax)]), ...found]), fault };
}

interface Reader {
  readonly escape: string;
  readonly scope: Scope;
  readonly bases: ReadonlyMap<Instruction, BaseImage>;
  readonly replaced: ContextNames;
  readonly given: ReadonlyMap<string, GivenArgument>;
  /** Images that builds make themselves. */
  readonly built: ReadonlySet<string>;
  /** ARGs from before the first FROM that stages redeclare, with their lines. */
  readonly inStages: FileContext['inStages'];
  readonly outcomeOf: FileContext['outcomeOf'];
  /** Lowercase, because Docker compares them without case. */
  readonly allStages: ReadonlySet<string>;
}

/** Returns the base images by their FROM instructions. */
function basesOf(
  instructions: readonly Instruction[],
  { expand }: Scope,
  dollar: string,
): ReadonlyMap<Instruction, BaseImage> {
  const stages = new Set(['scratch']);
  const bases = new Map<Instruction, BaseImage>();
  for (const instruction of instructions) {
    if (instruction.name !== 'FROM') continue;
    const { written, stage } = splitFrom(instruction);
    const lexed = expand(written);
    const image = lexed.ok ? lexed.whole : undefined;
    bases.set(instruction, {
      line: instruction.first,
      written,
      advised: written.text.replace(/^(["'])([^"']*)\1$/, '$2').replaceAll('$', () => dollar),
      stage,
      image,
      problem: lexed.ok ? undefined : lexed.problem,
      isStage:
        image === undefined ? [...stages].some((name) => couldBe(written, name)) : stages.has(image.text.toLowerCase()),
    });
    if (stage !== undefined) stages.add(stage);
  }
  return bases;
}

/** `FROM base-$TARGETARCH` refers to the stage for a platform, if it exists. */
function couldBe({ text }: TracedText, stage: string): boolean {
  const [start = '', ...others] = text.toLowerCase().split(/\$(?:\w+|\{[^}]*\})/);
  const end = others.pop();
  if (end === undefined || [start, ...others, end].every((part) => part === '')) return false;
  let at = start.length;
  for (const part of others) {
    const found = stage.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return stage.startsWith(start) && stage.endsWith(end) && at + end.length <= stage.length;
}

const CONTEXT: LocationContent = { state: 'none', reason: 'the build supplies a context with this name' };

function splitFrom({ rest }: Instruction): { readonly written: TracedText; readonly stage: string | undefined } {
  const [written = EMPTY, ...others] = split(rest, BLANKS);
  // Uses the last match, because template expressions contain blanks.
  const as = others.findLastIndex(({ text }) => text.toLowerCase() === 'as');
  return { written, stage: as === -1 ? undefined : others[as + 1]?.text.toLowerCase() };
}

function redeclaredIn(instructions: readonly Instruction[], escape: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  for (const { name, rest, first } of instructions) {
    if (name !== 'ARG') continue;
    for (const pair of pairsOf(rest, escape))
      if (pair.written === undefined && !lines.has(pair.name)) lines.set(pair.name, first);
  }
  return lines;
}

function readInstruction(instruction: Instruction, reader: Reader): readonly DockerfileImage[] {
  const base = reader.bases.get(instruction);
  if (base !== undefined) return readBase(base, reader).map((image) => ({ ...image, stage: base.stage }));
  // A trigger is parsed by the build that it runs in, without the directives of this file.
  const command = triggerOf(instruction, '\\') ?? instruction;
  return sourcesOf(command).flatMap((source) => readSource(source, command.name, reader));
}

function readBase(base: BaseImage, reader: Reader): readonly DockerfileImage[] {
  const { written, image, problem, isStage, stage } = base;
  const { replaced } = reader;
  if (isStage || written.text === '') return [];
  const text = image?.text;
  // A context also replaces the stage with its name.
  if (replaced.byAll(stage, text)) return [without(written, text ?? written.text, CONTEXT)];
  if (image === undefined) return [problemAt(written, written.text, problem ?? '')];
  if (image.text === '') return [problemAt(written, written.text, 'it is empty; no ARG before the first FROM sets it')];
  const parsed = parseReference(image.text);
  if (!parsed.ok) return [problemAt(written, image.text, parsed.problem)];
  return [pulledImage({ ...base, image, reference: parsed.reference }, reader)];
}

type PulledBase = BaseImage & { readonly image: TracedText; readonly reference: ImageReference };

function pulledImage(
  base: PulledBase,
  { scope, bases, replaced, inStages, outcomeOf, given, built }: Reader,
): DockerfileImage {
  const { written, image, reference } = base;
  if (image.offsets.includes(-1)) return givenImage(written, { text: image.text, reference }, { given, built });
  const file = { declarations: [...scope.declarations.values()], bases: [...bases.values()], inStages, outcomeOf };
  return unlessReplaced({ image: image.text, ...digestLocation(base, file), name: baseName(base, file) }, replaced);
}

/** An image that a build sets. Its text is in the Compose file, or in a file of values. */
function givenImage(
  written: TracedText,
  { text, reference }: { readonly text: string; readonly reference: ImageReference },
  { given, built }: Pick<Reader, 'given' | 'built'>,
): DockerfileImage {
  if (built.has(contextName(text))) return without(written, text, BUILT);
  const [name, argument] = [...given].find(([one]) => written.text.includes(one)) ?? [...given][0] ?? ['', undefined];
  const reason = setByBuild(name, argument?.build ?? '');
  return { ...without(written, text, { state: 'image', reference }), target: { ok: false, reason } };
}

const BUILT: LocationContent = { state: 'none', reason: 'a service builds this image' };

/**
 * Reads the source of COPY or RUN. A name that is neither a stage nor clearly an image can be a context that the build supplies.
 */
function readSource(
  word: TracedText,
  command: string,
  { bases, allStages, replaced }: Reader,
): readonly DockerfileImage[] {
  const { text } = word;
  if (text === '' || text === 'scratch' || allStages.has(text.toLowerCase())) return [];
  if (replaced.byAll(text)) return [without(word, text, CONTEXT)];
  // RUN refers to stages only by name; builders other than BuildKit can differ.
  if (/^[+-]?\d+$/.test(text)) return command === 'COPY' ? [] : [without(word, text, NUMBER)];
  if (text.includes('$')) return [problemAt(word, text, 'it contains a variable, which Docker does not resolve here')];
  const image = literal(word);
  const known = /[/:@.]/.test(text) ? image : bare(image, word, bases.size > 0);
  return [unlessReplaced(known, replaced)];
}

function unlessReplaced(found: DockerfileImage, { bySome }: ContextNames): DockerfileImage {
  const reason = bySome(found.image);
  return reason === undefined ? found : { ...found, target: { ok: false, reason }, name: undefined };
}

const NUMBER: LocationContent = { state: 'none', reason: 'it may be a stage number' };
const FRAGMENT: LocationContent = { state: 'none', reason: 'it may be a stage; the file has no FROM' };

/** Reads a name that may be a build context; if no build supplies the context, the image is pulled with the default tag. */
function bare(image: DockerfileImage, word: TracedText, hasStages: boolean): DockerfileImage {
  const name = word.text;
  if (!hasStages) return without(word, name, FRAGMENT);
  const reason = `it may be a build context; for an image, add a tag, as in ${name}:latest; for a context, add the stage "FROM scratch AS ${name}", which the context replaces`;
  return { ...image, target: { ok: false, reason }, name: undefined };
}

/** Reads an image from a text without variables. */
function literal(word: TracedText): DockerfileImage {
  const parsed = parseReference(word.text);
  if (!parsed.ok) return problemAt(word, word.text, parsed.problem);
  const { reference } = parsed;
  const piece = lastPieceOf(word, reference);
  const target: EditTarget =
    piece === undefined ? { ok: false, reason: TWO_LINES } : digestTarget(piece.end, reference);
  const place = nameTextOf(word, reference);
  const name: NameTarget = place === undefined ? { ok: false, reason: TWO_LINES } : namePlace(place);
  return { offset: word.offsets[0] ?? 0, image: word.text, content: { state: 'image', reference }, target, name };
}

const TWO_LINES = 'it spans two lines; write it on one line';

function problemAt(word: TracedText, image: string, problem: string): DockerfileImage {
  return without(word, image, { state: 'problem', problem: image.includes('{{') ? TEMPLATE : problem });
}

const TEMPLATE = '"{{" starts an unresolved template expression; pin the rendered file';

/** The text may be a URL with a password. */
function without(word: TracedText, image: string, content: LocationContent): DockerfileImage {
  const target: EditTarget = { ok: false, reason: 'no image is written here' };
  return { offset: word.offsets[0] ?? 0, image: maskPassword(image), content, target };
}

function eachOnce(images: readonly DockerfileImage[]): readonly DockerfileImage[] {
  const seen = new Set<string>();
  return images.filter(({ offset, image }) => seen.size < seen.add(`${offset} ${image}`).size);
}
