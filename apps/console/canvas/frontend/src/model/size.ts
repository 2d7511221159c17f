/** A card's size in pixels, known before it is measured; style.css draws it so. */

export const WIDTH = 248;
export const NOTE_WIDTH = 220;
export const HEAD = 60;
export const ROW = 26;
const RULE = 9;

export const cardHeight = (outlets: number): number => HEAD + (outlets > 1 ? RULE + outlets * ROW : 0);
