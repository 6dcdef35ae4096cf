/** Dockerfiles as BuildKit reads them: its own parser is asked, for written cases and for generated files. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerfileImages } from '../../../src/files/image-locations/dockerfile/dockerfile.ts';
import { parseDockerfile } from '../../../src/files/image-locations/dockerfile/instructions.ts';
import { textAt } from '../../../src/files/image-locations/traced-text.ts';
import { findImages } from '../../../src/files/image-locations/find.ts';
import { splice } from '../../../src/files/splice.ts';
import { type ImageReference, parseReference } from '../../../src/image/reference.ts';
import { applyEdits, type Edit, editOf, nameLength } from '../../../src/pinning/image-location.ts';
import { namedImages } from '../../../src/pinning/rewrite/named-images.ts';
import { planNames } from '../../../src/pinning/rewrite/plan-names.ts';
import { kindTable } from '../../../src/pod/kinds.ts';
import { tagLookup } from '../../../src/pinning/reference-lookup.ts';
import {
  type DockerfileAnswer,
  dockerfileMissing,
  type DockerfileProgram,
  startDockerfile,
} from '../../oracle/dockerfile/oracle.ts';
import { digestOf } from '../../support/pin-registry.ts';
import { describeWith } from '../../support/real-part.ts';
import { dockerfile, reorderedDirectives, variables, withArguments } from './generated-dockerfiles.ts';
import { DOCKERFILE_CASES } from './dockerfile-cases.ts';

/** As BuildKit spells what it pulls: with `latest`, and with tag and digest where both are written. */
function fullName(image: string): string {
  const parsed = parseReference(image);
  if (!parsed.ok) return `not an image: ${image}`;
  const { reference } = parsed;
  return (reference.digest === undefined ? (tagLookup(reference)?.reference ?? reference) : reference).fullName;
}

interface Images {
  readonly names: readonly string[];
  /** Whether there are others, known only to who builds. */
  readonly more: boolean;
}

/** Where no context of the build has it, a bare name behind --from= is an image of Docker Hub. */
function ours(text: string): Images {
  const locations = dockerfileImages(text);
  const images = locations.filter(({ content }) => content.state !== 'problem');
  return { names: sorted(images.map(({ image }) => fullName(image))), more: images.length < locations.length };
}

function theirs({ pulled, onbuild, syntax }: DockerfileAnswer): readonly string[] {
  const others = [...onbuild, ...(syntax === null ? [] : [syntax])].filter((name) => parseReference(name).ok);
  return sorted([...pulled, ...others.map(fullName)]);
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}

function instructionsOf(text: string): DockerfileAnswer['instructions'] {
  return parseDockerfile(textAt(text)).instructions.map(({ name, first, last, hereDocuments }) => ({
    name,
    first,
    last,
    heredocs: hereDocuments.map((one) => one.name),
  }));
}

interface Pinned {
  readonly written: string;
  /** By full name, with the `@` in front. */
  readonly digests: ReadonlyMap<string, string>;
}

function pinned(text: string): Pinned {
  const edits: Edit[] = [];
  const digests = new Map<string, string>();
  for (const { image, content, target } of dockerfileImages(text)) {
    if (content.state !== 'image' || content.reference.digest !== undefined || !target.ok) continue;
    const digest = digestOf(fullName(image));
    digests.set(fullName(image), `@${digest}`);
    edits.push(editOf(target, digest));
  }
  return { written: applyEdits(text, edits), digests };
}

interface Named {
  readonly written: string;
  /** The new full names, by the old ones. */
  readonly names: ReadonlyMap<string, string>;
}

const OPTIONS = { kinds: kindTable(), helmImages: [] };

function atMirror(image: string): ImageReference | undefined {
  const parsed = parseReference(image);
  const other = parsed.ok
    ? parseReference(`m.example.com/${parsed.reference.path}${image.slice(nameLength(parsed.reference))}`)
    : parsed;
  return other.ok ? other.reference : undefined;
}

/** Undefined if one of several images with the same name could not be renamed. */
function named(text: string): Named | undefined {
  const { locations } = findImages('Dockerfile', text, OPTIONS);
  const wanted = namedImages(locations, { builtNames: [], hidden: new Set() }).map((image) => {
    return { image, to: atMirror(image.reference.text) };
  });
  const plans = planNames(wanted, { selected: new Map(), blocked: new Map(), fileOf: () => 'Dockerfile' });
  const changes = [...plans].flatMap(([location, plan]) => (plan.ok ? [{ location, name: plan.to }] : []));
  const { text: written, omitted } = splice({ file: 'Dockerfile', text, locations }, changes, OPTIONS);
  const done = changes.filter(({ location }) => !omitted.has(location));
  const names = new Map(done.map(({ location, name }) => [fullName(location.image), fullName(name.text)]));
  const left = wanted.filter(({ image }) => !done.some(({ location }) => location === image.place));
  return left.some(({ image }) => names.has(fullName(image.reference.text))) ? undefined : { written, names };
}

describeWith(dockerfileMissing, 'a Dockerfile, as BuildKit reads it', () => {
  let buildkit: DockerfileProgram;
  beforeAll(async () => {
    buildkit = await startDockerfile();
  }, 300_000);
  afterAll(() => buildkit.close(), 60_000);

  const compare = async (texts: readonly string[]): Promise<number> => {
    const answers = await buildkit.ask(texts.map((text) => ({ text })));
    const accepted = answers.flatMap((answer, index) =>
      answer.error === null ? [{ answer, text: texts[index] ?? '' }] : [],
    );
    for (const { answer, text } of accepted) {
      expect({ text, instructions: instructionsOf(text) }).toEqual({ text, instructions: answer.instructions });
      const { names, more } = ours(text);
      const pulled = theirs(answer).filter((name) => !more || names.includes(name));
      expect({ text, images: names }).toEqual({ text, images: pulled });
    }
    return accepted.filter(({ text }) => !ours(text).more).length;
  };

  test('in every written case that it accepts', async () => {
    const texts = DOCKERFILE_CASES.flatMap(({ text }) => [text, text.replaceAll('\n', '\r\n'), `\uFEFF${text}`]);
    expect(await compare(texts)).toBeGreaterThan(texts.length / 2);
  }, 120_000);

  test('once its digests are written: the same instructions, and the same images with their digests', async () => {
    const texts = [...new Set(fc.sample(withArguments, { numRuns: 3000, seed: 20_261_130 }))];
    const before = await buildkit.ask(texts.map((text) => ({ text })));
    const written = texts.map(pinned);
    const after = await buildkit.ask(written.map((one) => ({ text: one.written })));
    const changed = texts.flatMap((text, index) => {
      const [old, now, one] = [before[index], after[index], written[index]];
      return old?.error === null && now !== undefined && one !== undefined && one.digests.size > 0
        ? [{ text, old, now, ...one }]
        : [];
    });
    expect(changed.length).toBeGreaterThan(500);
    const wrong = changed.filter(({ old, now, digests }) => {
      const pulled = old.pulled.map((name) => `${name}${digests.get(name) ?? ''}`);
      // One of the same name may be left without, where only who builds knows that it is the same.
      const others = now.pulled.filter((name) => !pulled.includes(name) && !digests.has(name));
      const isSame = JSON.stringify(now.instructions) === JSON.stringify(old.instructions);
      return now.error !== null || !isSame || others.length > 0 || !pulled.every((name) => now.pulled.includes(name));
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  }, 120_000);

  test('once its images have other names: the same instructions, and the same images with these names', async () => {
    const texts = [...new Set(fc.sample(withArguments, { numRuns: 3000, seed: 20_261_201 }))];
    const written = texts.flatMap((text) => {
      const one = named(text);
      return one === undefined || one.names.size === 0 ? [] : [{ text, ...one }];
    });
    const before = await buildkit.ask(written.map(({ text }) => ({ text })));
    const after = await buildkit.ask(written.map((one) => ({ text: one.written })));
    const changed = written.flatMap((one, index) => {
      const [old, now] = [before[index], after[index]];
      return old?.error === null && now !== undefined ? [{ ...one, old, now }] : [];
    });
    expect(changed.length).toBeGreaterThan(300);
    const wrong = changed.filter(({ old, now, names }) => {
      const pulled = sorted(old.pulled.map((name) => names.get(name) ?? name));
      const isSame = JSON.stringify(now.instructions) === JSON.stringify(old.instructions);
      return now.error !== null || !isSame || JSON.stringify(sorted(now.pulled)) !== JSON.stringify(pulled);
    });
    expect(wrong.slice(0, 3)).toEqual([]);
  }, 120_000);

  test.each([
    ['instructions, here-documents, lines that go on', dockerfile],
    ['directives', reorderedDirectives],
    ['variables', variables],
  ])(
    'in generated files: %s',
    async (_what, arbitrary) => {
      const texts = [...new Set(fc.sample(arbitrary, { numRuns: 6000, seed: 20_261_129 }))];
      expect(await compare(texts)).toBeGreaterThan(500);
    },
    120_000,
  );
});
