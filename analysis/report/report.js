// Tables sort by a click on a header and download as CSV. Without this script they are complete, in the order of the plan.
"use strict";

(() => {
  const order = new Intl.Collator("en", { numeric: true });

  const isEstimate = (table, column) =>
    Array.from(table.tBodies[0].rows).some((row) => row.cells[column].hasAttribute("data-n"));

  // A cell's text without its marks.
  const textOf = (cell) => {
    const copy = cell.cloneNode(true);
    copy.querySelectorAll("sup").forEach((mark) => mark.remove());
    return copy.textContent;
  };
  const marksOf = (cell) => Array.from(cell.querySelectorAll("sup"), (mark) => mark.textContent).join("");

  // Cells without a value come last in either direction; equal ones keep their order.
  const sort = (table, column, direction) => {
    const body = table.tBodies[0];
    const numeric = table.tHead.rows[0].cells[column].dataset.type === "number";
    const keyed = Array.from(body.rows, (row) => {
      const cell = row.cells[column];
      const text = textOf(cell);
      const key = numeric ? cell.dataset.value : text === "–" ? "" : text;
      return { row, empty: key === undefined || key === "", key: numeric ? Number(key) : key };
    });
    keyed.sort((a, b) => {
      if (a.empty || b.empty) return a.empty - b.empty;
      return direction * (numeric ? a.key - b.key : order.compare(a.key, b.key));
    });
    keyed.forEach(({ row }) => body.append(row));
  };

  const makeSortable = (table) => {
    const headers = Array.from(table.tHead.rows[0].cells);
    headers.forEach((header, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...header.childNodes);
      header.append(button);
      button.addEventListener("click", () => {
        const ascending = header.getAttribute("aria-sort") !== "ascending";
        headers.forEach((other) => other.removeAttribute("aria-sort"));
        header.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sort(table, column, ascending ? 1 : -1);
      });
    });
  };

  const field = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  // The file that tables/ holds, in the order of the rows as they stand.
  const csv = (table) => {
    const headers = Array.from(table.tHead.rows[0].cells);
    const rows = Array.from(table.tBodies[0].rows);
    const columns = headers.map((header, column) => {
      const cells = rows.map((row) => row.cells[column]);
      const estimate = isEstimate(table, column);
      return {
        key: header.dataset.key,
        estimate,
        noted: estimate && cells.some((cell) => !cell.dataset.value && textOf(cell) !== "–"),
        marked: cells.some((cell) => marksOf(cell) !== ""),
      };
    });
    const head = columns.flatMap(({ key, estimate, noted, marked }) => [
      ...(estimate ? ["_n", "_mean", "_sd", "_ci_low", "_ci_high"].map((part) => key + part) : [key]),
      ...(noted ? [`${key}_note`] : []),
      ...(marked ? [`${key}_marks`] : []),
    ]);
    const lines = rows.map((row) =>
      columns.flatMap(({ estimate, noted, marked }, column) => {
        const cell = row.cells[column];
        const { value, n, sd, low, high } = cell.dataset;
        const text = textOf(cell) === "–" ? "" : textOf(cell);
        return [
          ...(estimate ? [n ? n : "", n ? value : "", sd ?? "", low ?? "", high ?? ""] : [text]),
          ...(noted ? [value ? "" : text] : []),
          ...(marked ? [marksOf(cell)] : []),
        ];
      }),
    );
    return [head, ...lines].map((line) => line.map(field).join(",") + "\n").join("");
  };

  const makeDownloadable = (table) => {
    const name = table.id.replace(/^tab-/, "") || "table";
    const button = document.createElement("button");
    button.type = "button";
    button.className = "download";
    button.textContent = "Download CSV";
    button.setAttribute("aria-label", `Download the table ${name} as CSV`);
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      link.download = `${name}.csv`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    table.parentElement.append(button);
  };

  document.querySelectorAll(".table > table").forEach((table) => {
    makeSortable(table);
    makeDownloadable(table);
    // Those who use a keyboard can scroll it.
    const box = table.parentElement;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", table.caption ? table.caption.textContent : "Table");
  });
})();
