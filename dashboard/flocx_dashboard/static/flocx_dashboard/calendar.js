// SPDX-License-Identifier: Apache-2.0
//
// The calendar: a window of time is chosen by dragging over cells, or by the arrow keys
// and Shift, and written into the form below. Whoever has no script types it there.
(function () {
  'use strict';

  var states = new WeakMap();

  function stateOf(picture) {
    if (!states.has(picture)) {
      states.set(picture, {
        cells: Array.from(picture.querySelectorAll('.flocx-cell')),
        anchor: null,
        at: null,
        dragging: false
      });
    }
    return states.get(picture);
  }

  function show(picture) {
    var state = stateOf(picture);
    var first = Math.min(state.anchor, state.at);
    var last = Math.max(state.anchor, state.at);
    state.cells.forEach(function (cell, number) {
      cell.classList.toggle('flocx-cell-chosen', first <= number && number <= last);
      cell.classList.toggle('flocx-cell-current', number === state.at);
    });
    var form = document.getElementById(picture.getAttribute('data-flocx-calendar'));
    var start = state.cells[first].getAttribute('data-from');
    var end = state.cells[last].getAttribute('data-until');
    form.elements.start_time.value = start;
    form.elements.end_time.value = end;
    var place = form.querySelector('[data-flocx-chosen]');
    place.textContent = place.getAttribute('data-flocx-chosen')
      .replace('%s', start).replace('%s', end);
  }

  function pointed(event) {
    var cell = event.target.closest && event.target.closest('.flocx-cell');
    var picture = cell && cell.closest('[data-flocx-calendar]');
    return picture && {picture: picture, at: stateOf(picture).cells.indexOf(cell)};
  }

  function down(event) {
    var found = pointed(event);
    if (!found || event.button !== 0) {
      return;
    }
    event.preventDefault();
    found.picture.focus();
    var state = stateOf(found.picture);
    state.dragging = true;
    state.anchor = state.at = found.at;
    show(found.picture);
  }

  function move(event) {
    var found = pointed(event);
    if (found && stateOf(found.picture).dragging && event.buttons) {
      stateOf(found.picture).at = found.at;
      show(found.picture);
    }
  }

  function up() {
    document.querySelectorAll('[data-flocx-calendar]').forEach(function (picture) {
      stateOf(picture).dragging = false;
    });
  }

  function key(event) {
    var picture = event.target;
    if (!picture.hasAttribute || !picture.hasAttribute('data-flocx-calendar')) {
      return;
    }
    var state = stateOf(picture);
    var columns = Number(picture.getAttribute('data-flocx-columns'));
    var steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns
    };
    if (event.key === 'Enter' && state.at !== null) {
      document.getElementById(picture.getAttribute('data-flocx-calendar'))
        .querySelector('[type=submit]').click();
    } else if (event.key in steps) {
      var at = state.at === null ? 0 : state.at + steps[event.key];
      state.at = Math.max(0, Math.min(state.cells.length - 1, at));
      if (!event.shiftKey || state.anchor === null) {
        state.anchor = state.at;
      }
      show(picture);
    } else {
      return;
    }
    event.preventDefault();
  }

  document.addEventListener('pointerdown', down);
  document.addEventListener('pointermove', move);
  document.addEventListener('pointerup', up);
  document.addEventListener('keydown', key);
}());
