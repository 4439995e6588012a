// The little that is needed to build and change the page.

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element with attributes and children; texts are texts, never markup. */
export function html(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children);
}

/** An SVG element. */
export function svg(name, attributes = {}, ...children) {
  return filled(document.createElementNS(SVG, name), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) change(element, name, value);
  element.append(...children);
  return element;
}

/** Sets an attribute, or takes it away when the value is null; what is as wanted is left alone. */
export function change(element, name, value) {
  if (value === null || value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value);
}

/** Sets a text; what is as wanted is left alone, so that nothing is read out twice. */
export function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Makes the children of `parent` those of `items`, each kept as long as its key is: focus, scrolling and what is open stay.
 * `create(item)` makes a child, `update(child, item)` brings it up to date.
 */
export function keep(parent, items, key, create, update = () => {}) {
  const old = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    const child = old.get(name) ?? create(item);
    old.delete(name);
    child.dataset.key = name;
    if (child === place) place = place.nextElementSibling;
    else parent.insertBefore(child, place);
    update(child, item);
  }
  for (const child of old.values()) child.remove();
}

/** The element that `selector` names. */
export const find = (selector) => document.querySelector(selector);
