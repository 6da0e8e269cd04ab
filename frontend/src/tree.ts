// The tree of organizations: levels come when they are opened; keys as in the tree pattern of WAI-ARIA.
const tree = document.querySelector<HTMLElement>("[data-tree]");

function parentItem(item: HTMLElement): HTMLElement | null {
  return item.parentElement?.closest<HTMLElement>("[role=treeitem]") ?? null;
}

/** Items that can be seen, from top to bottom. */
function visible(root: HTMLElement): HTMLElement[] {
  return Array.from(root.querySelectorAll<HTMLElement>("[role=treeitem]")).filter((item) => {
    for (let above = parentItem(item); above !== null; above = parentItem(above)) {
      if (above.getAttribute("aria-expanded") === "false") return false;
    }
    return true;
  });
}

function group(item: HTMLElement): HTMLElement | null {
  return item.querySelector<HTMLElement>(":scope > [role=group]");
}

function expand(item: HTMLElement, open: boolean): void {
  if (!item.hasAttribute("aria-expanded")) return;
  item.setAttribute("aria-expanded", String(open));
  // The level is asked for once, when it is first opened.
  if (open) group(item)?.dispatchEvent(new CustomEvent("tree-open"));
}

function visit(root: HTMLElement, item: HTMLElement, focus = true): void {
  for (const other of root.querySelectorAll<HTMLElement>("[role=treeitem][tabindex='0']")) other.tabIndex = -1;
  item.tabIndex = 0;
  if (focus) item.focus();
}

function goRight(root: HTMLElement, item: HTMLElement): void {
  if (item.getAttribute("aria-expanded") === "false") {
    expand(item, true);
    return;
  }
  const first = group(item)?.querySelector<HTMLElement>(":scope > [role=treeitem]");
  if (first) visit(root, first);
}

function goLeft(root: HTMLElement, item: HTMLElement): void {
  if (item.getAttribute("aria-expanded") === "true") {
    expand(item, false);
    return;
  }
  const above = parentItem(item);
  if (above !== null) visit(root, above);
}

function onKey(root: HTMLElement, event: KeyboardEvent): void {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const item = event.target instanceof Element ? event.target.closest<HTMLElement>("[role=treeitem]") : null;
  if (item === null) return;
  const items = visible(root);
  const place = items.indexOf(item);
  const moves: Record<string, () => void> = {
    ArrowDown: () => visit(root, items[place + 1] ?? item),
    ArrowUp: () => visit(root, items[place - 1] ?? item),
    Home: () => visit(root, items[0] ?? item),
    End: () => visit(root, items[items.length - 1] ?? item),
    ArrowRight: () => goRight(root, item),
    ArrowLeft: () => goLeft(root, item),
    Enter: () => item.querySelector<HTMLElement>(":scope > .tree-row .tree-name, :scope > a")?.click(),
    " ": () => expand(item, item.getAttribute("aria-expanded") !== "true"),
  };
  const move = moves[event.key];
  if (move === undefined) return;
  event.preventDefault();
  move();
}

function onClick(root: HTMLElement, event: MouseEvent): void {
  const target = event.target instanceof Element ? event.target : null;
  const item = target?.closest<HTMLElement>("[role=treeitem]");
  if (!target || !item) return;
  visit(root, item, false);
  if (target.closest("a.tree-toggle")) {
    event.preventDefault();
    expand(item, item.getAttribute("aria-expanded") !== "true");
  }
}

if (tree) {
  const start = tree.querySelector<HTMLElement>("[aria-current]") ?? tree.querySelector<HTMLElement>("[role=treeitem]");
  if (start) visit(tree, start, start.hasAttribute("aria-current"));
  tree.addEventListener("keydown", (event) => onKey(tree, event));
  tree.addEventListener("click", (event) => onClick(tree, event));
  // Whoever stood on “next 100” stands on the first of them afterwards.
  tree.addEventListener("htmx:afterSettle", () => {
    if (!tree.querySelector("[tabindex='0']")) {
      const first = tree.querySelector<HTMLElement>("[role=treeitem]");
      if (first) visit(tree, first, false);
    }
  });
}
