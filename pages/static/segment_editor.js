/* The segment builder in the browser: shortcuts, dragging, and a focus that is never lost. */
(() => {
  const board = () => document.querySelector('[data-builder]');
  const send = (detail) => board()?.dispatchEvent(new CustomEvent('builder', { detail }));
  const typing = (at) => at?.matches?.('input, textarea, [contenteditable=true]');

  /* What is typed reaches the server after a pause, or at once when the field is left. */
  const flushed = (run) => {
    const at = document.activeElement;
    if (typing(at)) { at.blur(); at.focus({ preventScroll: true }); }
    run();
  };
  const take = (event, detail) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    flushed(() => send(detail));
  };
  const nodeOf = (element) => element?.closest?.('[data-node]');
  const uid = (element) => Number(element.dataset.node);

  const onNode = (event) => {
    const { key, code } = event;
    if (event.altKey && !event.ctrlKey && !event.metaKey) {
      return { ArrowUp: 'up', ArrowDown: 'down', Enter: 'add', Delete: 'remove', Backspace: 'remove' }[key]
        ?? { KeyN: 'negate', KeyG: 'wrap' }[code];
    }
    return (event.ctrlKey || event.metaKey) && key.toLowerCase() === 'd' ? 'duplicate' : undefined;
  };

  document.addEventListener('keydown', (event) => {
    if (!board() || document.querySelector('.q-dialog')) return;
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey) {
      if (key === 's') return take(event, { do: 'save' });
      if ((key === 'z' || key === 'y') && !event.target.closest?.('[data-own-undo]')) {
        return take(event, { do: key === 'y' || event.shiftKey ? 'redo' : 'undo' });
      }
    }
    if (key === '?' && !typing(event.target) && !event.ctrlKey && !event.altKey) return take(event, { do: 'help' });
    const node = nodeOf(event.target);
    const what = node && onNode(event);
    if (what) take(event, { do: what, node: uid(node) });
  }, true);

  /* Focus a node's part (a class inside it) once it is drawn. `lost`: only if nothing has the focus. */
  window.cohortFocus = (node, part, lost) => {
    const go = (late) => {
      const row = document.querySelector(`[data-node="${node}"]`);
      const now = document.activeElement;
      if (!row || (lost && now && now !== document.body)) return;
      const wanted = part && (row.querySelector(`:scope > .${part} button`)
        || row.querySelector(`.${part} input, .${part} textarea, .${part} button, button.${part}`));
      if (wanted ? wanted === now : row.contains(now)) return;
      if (late && now && now !== document.body && !now.matches('[aria-haspopup]')) return;
      (wanted || row.querySelector('button, input'))?.focus();
      row.scrollIntoView({ block: 'nearest' });
    };
    /* A menu that closes gives the focus back to its button, perhaps after us: then ask again. */
    [30, 90, 200, 450, 800].forEach((pause) => setTimeout(go, pause, pause > 200));
  };

  /* Dragging by the grip. A line shows where the node would go; the server decides whether it may. */
  let dragged = null, goal = null;
  const line = Object.assign(document.createElement('div'), { className: 'drop-line' });
  const rowsAt = (event) => {
    const rows = event.target.closest?.('[data-rows]');
    const home = dragged.closest('[data-rows]');
    return rows && !dragged.contains(rows) && rows.dataset.top === home.dataset.top ? rows : null;
  };
  const stop = () => {
    dragged?.classList.remove('dragged');
    line.remove();
    dragged = goal = null;
  };
  document.addEventListener('dragstart', (event) => {
    if (!event.target.matches?.('.grip')) return;
    dragged = nodeOf(event.target);
    event.dataTransfer.effectAllowed = 'move';
    event.dataTransfer.setData('text/plain', '');
    event.dataTransfer.setDragImage(dragged, 12, 12);
    setTimeout(() => dragged?.classList.add('dragged'));
  });
  document.addEventListener('dragover', (event) => {
    const rows = dragged && rowsAt(event);
    if (!rows) return;
    event.preventDefault();
    const items = [...rows.children].filter((item) => item.dataset.node);
    const boxes = items.map((item) => item.getBoundingClientRect());
    let index = boxes.findIndex((box) => event.clientY < box.top + box.height / 2);
    if (index < 0) index = items.length;
    goal = { do: 'move', node: uid(dragged), group: Number(rows.dataset.rows), index };
    const frame = rows.getBoundingClientRect();
    const top = index < boxes.length ? boxes[index].top - 5 : boxes.at(-1).bottom + 3;
    Object.assign(line.style, { left: `${frame.left}px`, width: `${frame.width}px`, top: `${top}px` });
    document.body.append(line);
  });
  document.addEventListener('drop', (event) => {
    if (!dragged || !goal) return;
    event.preventDefault();
    send(goal);
    stop();
  });
  document.addEventListener('dragend', stop);
})();
