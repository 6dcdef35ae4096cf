/** Dockerfiles as BuildKit reads them: its own parser is asked, for written cases and for generated files. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dockerfileImages } from '../../src/files/places/dockerfile.ts';
import { parseDockerfile } from '../../src/files/places/dockerfile/instructions.ts';
import { wordAt } from '../../src/files/places/word.ts';
import { normalizedName, parseReference } from '../../src/image/reference.ts';
import { tagQuestion } from '../../src/pinning/questions.ts';
import {
  type DockerfileAnswer,
  dockerfileMissing,
  type DockerfileProgram,
  startDockerfile,
} from '../oracle/dockerfile/dockerfile.ts';
import { describeWith } from '../support/real-part.ts';
import { dockerfile, reorderedDirectives, variables } from './dockerfiles.ts';
import { DOCKERFILE_CASES } from './dockerfile-cases.ts';

/** As BuildKit spells what it pulls: with `latest`, and with tag and digest where both are written. */
function fullName(image: string): string {
  const parsed = parseReference(image);
  if (!parsed.ok) return `not an image: ${image}`;
  const { reference } = parsed;
  return normalizedName(reference.digest === undefined ? (tagQuestion(reference)?.reference ?? reference) : reference);
}

interface Images {
  readonly names: readonly string[];
  /** Whether there are others, known only to who builds. */
  readonly more: boolean;
}

/** Where no context of the build has it, a bare name behind --from= is an image of Docker Hub. */
function ours(text: string): Images {
  const places = dockerfileImages(text);
  const images = places.filter(({ reading }) => reading.state !== 'problem');
  return { names: sorted(images.map(({ image }) => fullName(image))), more: images.length < places.length };
}

function theirs({ pulled, onbuild, syntax }: DockerfileAnswer): readonly string[] {
  const others = [...onbuild, ...(syntax === null ? [] : [syntax])].filter((name) => parseReference(name).ok);
  return sorted([...pulled, ...others.map(fullName)]);
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}

function instructionsOf(text: string): DockerfileAnswer['instructions'] {
  return parseDockerfile(wordAt(text)).instructions.map(({ name, first, last, hereDocuments }) => ({
    name,
    first,
    last,
    heredocs: hereDocuments.map((one) => one.name),
  }));
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
