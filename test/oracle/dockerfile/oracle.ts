// What BuildKit reads in a Dockerfile, and what it would pull: the program in this directory.
import { goProgram, type Running } from '../go-program.ts';

export interface DockerfileQuestion {
  readonly text: string;
}

export interface DockerfileAnswer {
  /** Why BuildKit does not build it. */
  readonly error: string | null;
  /** Full names, sorted, each once: for all stages, as they are built. */
  readonly pulled: readonly string[];
  /** As they are written in triggers: they are pulled by builds upon this one. */
  readonly onbuild: readonly string[];
  /** The image of the frontend. */
  readonly syntax: string | null;
  readonly instructions: readonly {
    readonly name: string;
    /** Lines from 1, with those of its here-documents. */
    readonly first: number;
    readonly last: number;
    /** The words that end its here-documents. */
    readonly heredocs: readonly string[];
  }[];
}

export type DockerfileProgram = Running<DockerfileQuestion, DockerfileAnswer>;

const program = goProgram<DockerfileQuestion, DockerfileAnswer>({
  folder: import.meta.dirname,
  name: 'dockerfile',
});

export const dockerfileMissing = program.missing;

export function startDockerfile(): Promise<DockerfileProgram> {
  return program.start();
}
