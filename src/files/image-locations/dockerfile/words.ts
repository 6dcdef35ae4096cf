import { isSpace, slice, type TracedText, type TracedTextBuilder } from '../traced-text.ts';

/** Blanks part words where they are neither quoted nor escaped. */
export class WordList {
  private readonly word: TracedTextBuilder;
  private readonly all: TracedText[] = [];

  constructor(word: TracedTextBuilder) {
    this.word = word;
    word.take();
  }

  add(piece: TracedText): void {
    this.word.add(piece);
  }

  addSplit(piece: TracedText): void {
    for (let index = 0; index < piece.text.length; index += 1) {
      const one = slice(piece, index, index + 1);
      if (!isSpace(one.text)) this.word.add(one);
      else this.end();
    }
  }

  end(): readonly TracedText[] {
    if (this.word.length > 0) this.all.push(this.word.take());
    return this.all;
  }
}
