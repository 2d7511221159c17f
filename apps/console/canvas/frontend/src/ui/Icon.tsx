import { createContext, memo, useContext } from "react";

/** The URL of the sprite; whoever draws a page gives it. */
export const Sprite = createContext("");

export const Icon = memo(({ name }: { name: string }) => (
  <svg className="icon" aria-hidden="true" focusable="false">
    <use href={`${useContext(Sprite)}#${name}`} />
  </svg>
));

/** A button that shows only an icon; its name is for the ear and the tooltip. */
export function IconButton({
  icon,
  label,
  ...rest
}: { icon: string; label: string } & React.ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} {...rest}>
      <Icon name={icon} />
    </button>
  );
}
