import { createRequire } from 'node:module';
import type { Step } from './filters.js';
import { colourOf, layOut } from './layout.js';

const require = createRequire(import.meta.url);
const fontFile = require.resolve('@fontsource/dejavu-mono/files/dejavu-mono-latin-400-normal.woff');

/** A plain ground in the text's colour; `seconds` long at `fps`. */
export function ground(text: string, width: number, height: number, fps = 1, seconds = 1): Step {
  return ['color', { color: colourOf(text), size: `${width}x${height}`, rate: String(fps), duration: String(seconds) }];
}

/** The text in the middle, on a shade that keeps it legible over a picture. */
export function caption(text: string, width: number, height: number): Step {
  const layout = layOut(text, width, height);
  return [
    'drawtext',
    {
      fontfile: fontFile,
      text: layout.text,
      expansion: 'none',
      fontsize: String(layout.fontSize),
      line_spacing: String(Math.round(layout.fontSize * 0.2)),
      fontcolor: 'white',
      box: '1',
      boxcolor: 'black@0.35',
      boxborderw: String(Math.round(layout.fontSize / 3)),
      x: '(w-text_w)/2',
      y: '(h-text_h)/2',
    },
  ];
}

/** A bar that crosses the bottom once a second, so that one sees that it plays. */
export function sweep(width: number, height: number): Step {
  const thickness = Math.max(4, Math.round(height / 60));
  const length = Math.round(width / 8);
  return [
    'drawbox',
    {
      x: `mod(t,1)*${width + length}-${length}`,
      y: String(height - 3 * thickness),
      w: String(length),
      h: String(thickness),
      color: 'white',
      t: 'fill',
    },
  ];
}
