"""Small spreadsheets for tests, honest and hostile."""

import io
import zipfile

import openpyxl

HEADER = [
    "序号",
    "姓名",
    "性别",
    "民族",
    "出生年月",
    "学历",
    "入党时间",
    "所在党组织",
    "党内职务",
    "手机号",
    "备注",
]
SOFT = "中共示例软件有限公司支部委员会"


def workbook(rows, *, title=None, header=HEADER, merge=(), name="花名册"):
    """An .xlsx file with ``rows`` under ``header``."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = name
    if title:
        sheet.append([title])
    if header:
        sheet.append(header)
    for row in rows:
        sheet.append(row)
    for cells in merge:
        sheet.merge_cells(cells)
    file = io.BytesIO()
    book.save(file)
    file.seek(0)
    return file


def person(
    name="张三", phone="13900000001", *, born="1985.05", organization=SOFT, post=None, note=None, **more
):
    """One row of ``HEADER``."""
    return [
        None, name, more.get("gender", "男"), more.get("ethnicity", "汉族"), born,
        more.get("education", "本科"),
        more.get("joined", "2010-07-01"), organization, post, phone, note,
    ]  # fmt: skip


def repacked(file, *, add=None, replace=None):
    """``file`` with members added, or their text replaced: {name: (old, new)}."""
    result = io.BytesIO()
    with zipfile.ZipFile(file) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_DEFLATED) as target:
        for item in source.infolist():
            data = source.read(item)
            if replace and item.filename in replace:
                old, new = replace[item.filename]
                assert old in data
                data = data.replace(old, new)
            target.writestr(item.filename, data)
        for name, data in (add or {}).items():
            target.writestr(name, data)
    result.seek(0)
    return result
