import { isSpace, slice, type Word, type WordBuilder } from '../traced-text.ts';

/** Blanks part words where they are neither quoted nor escaped. */
export class Words {
  private readonly word: WordBuilder;
  private readonly all: Word[] = [];

  constructor(word: WordBuilder) {
    this.word = word;
    word.take();
  }

  add(piece: Word): void {
    this.word.add(piece);
  }

  addSplit(piece: Word): void {
    for (let index = 0; index < piece.text.length; index += 1) {
      const one = slice(piece, index, index + 1);
      if (!isSpace(one.text)) this.word.add(one);
      else this.end();
    }
  }

  end(): readonly Word[] {
    if (this.word.length > 0) this.all.push(this.word.take());
    return this.all;
  }
}
