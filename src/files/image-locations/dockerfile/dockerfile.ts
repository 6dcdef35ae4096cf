/** Finds images in Dockerfiles: the frontend, FROM, COPY --from=, and RUN --mount=from=, but not stages or `scratch`. */
import path from 'node:path';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import { isDockerfile } from '../../image-file-names.ts';
import { isManifestName } from '../../walk.ts';
import { lineTable } from '../../yaml/positions.ts';
import type { Build } from './builds.ts';
import { imagesOf } from './images.ts';
import { parseDockerfile } from './instructions.ts';
import type { FileImages, TextFormat } from '../format.ts';
import { textAt } from '../traced-text.ts';

export const dockerfileFormat: TextFormat = {
  name: 'dockerfile',
  fileNames: { accepts: isDockerfile, described: 'Dockerfile' },
  matches: (file, text) => isDockerfile(file) || (!isManifestName(file) && looksLikeDockerfile(text)),
  locate: (text, file, { buildsOf }) =>
    isNamedOnly(file, text) ? { format: undefined } : imagesIn(text, buildsOf?.(file) ?? []),
};

const OWN_NAME = /(?:docker|container)file$/i;
const INSTRUCTIONS =
  /^(?:ADD|ARG|CMD|COPY|ENTRYPOINT|ENV|EXPOSE|FROM|HEALTHCHECK|LABEL|MAINTAINER|ONBUILD|RUN|SHELL|STOPSIGNAL|USER|VOLUME|WORKDIR)$/;

/** Reports whether a file only has a name like `Dockerfile.prod`, as source code or prose such as `dockerfile.go`. */
function isNamedOnly(file: string, text: string): boolean {
  if (!isDockerfile(file) || OWN_NAME.test(path.basename(file))) return false;
  const { syntax, instructions } = parseDockerfile(textAt(text));
  const [first] = instructions;
  return syntax === undefined && first !== undefined && !INSTRUCTIONS.test(first.name);
}

/** Reports whether the first instruction of a file with another name can only be in a Dockerfile. */
export function looksLikeDockerfile(text: string): boolean {
  return FIRST.test(text.slice(0, 10_000));
}

const FIRST = /^\uFEFF?(?:[^\S\n]*(?:#[^\n]*)?\n)*[^\S\n]*(?:FROM[^\S\n]+[^\s:]|ARG[^\S\n]+\w+(?:[=\s]|$))/i;

function imagesIn(text: string, builds: readonly Build[]): Pick<FileImages, 'locations' | 'faults'> {
  const positionAt = lineTable(text);
  const { images, fault } = imagesOf(textAt(text), { builds, linesBefore: 0, dollar: '$' });
  const locations = images.map(({ offset, ...found }): ImageLocation => {
    return { format: 'dockerfile', ...positionAt(offset), address: { kind: 'text' }, ...found };
  });
  if (fault === undefined) return { locations, faults: [] };
  const { line, column } = positionAt(fault.offset);
  return { locations, faults: [{ line, column, message: fault.problem }] };
}

export function dockerfileImages(text: string): readonly ImageLocation[] {
  return imagesIn(text, []).locations;
}
